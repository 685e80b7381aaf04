// expect: an agent with processes has no inspect
#include "libstos/agent/simulation.hpp"
#include "libstos/model/process_agent.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<2>, stos::test::ShuffledDomains>;

struct Bank : stos::ProcessAgent<Bank, Simulation> {
  using ProcessAgent::ProcessAgent;
  int open = 0;

  stos::Process work() { co_await stos::delay(1); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Bank& x) {
    return f.object(x).fields(f.field("open", x.open));
  }
};

void start(Bank& bank) { bank.spawn(bank.work()); }

// expect: stos: this lambda captures `this`, a pointer or a reference
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
  int heard = 0;

  void wait(stos::AgentId whom) {
    after(1, [this, whom](Carol&) { heard += static_cast<int>(whom.value); });
  }
};

// expect: stos: this lambda captures `this`, a pointer or a reference
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
  const char* name = "";
};

void call(stos::ChannelWriter<Carol>& carol, const char* name) {
  carol.send([name](Carol& c) { c.name = name; });
}

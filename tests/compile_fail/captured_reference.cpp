// expect: stos: this lambda captures `this`, a pointer or a reference
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

void count(stos::ChannelWriter<Carol>& carol, int& heard) {
  carol.send([&heard](Carol&) { ++heard; });
}

// expect: stos: an argument of this lambda cannot be serialised
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

void tell(stos::ChannelWriter<Carol>& carol, int* counter) {
  carol.send([](Carol&, int* c) { ++*c; }, counter);
}

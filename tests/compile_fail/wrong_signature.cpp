// expect: stos: a lambda must be callable with a reference to the receiving agent
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};
struct Dave : stos::Agent<Dave, Simulation> {
  using Agent::Agent;
};

void tell(stos::ChannelWriter<Carol>& carol) {
  carol.send([](Dave&) {});
}

// expect: deleted.*ChannelWriter
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

stos::ChannelWriter<Carol> copy(const stos::ChannelWriter<Carol>& carol) { return carol; }

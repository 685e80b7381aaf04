// expect: stos: a pointer to a function means nothing on another node
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <functional>
#include <string_view>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

void greet(Carol&) {}

void tell(stos::ChannelWriter<Carol>& carol) { carol.send(&greet); }

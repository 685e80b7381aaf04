// expect: stos: an argument of this lambda is a hash table, which does not travel
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <unordered_map>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

void tell(stos::ChannelWriter<Carol>& carol, const std::unordered_map<int, int>& table) {
  carol.send([](Carol&, const std::unordered_map<int, int>&) {}, table);
}

// expect: stos: this lambda captures something that cannot travel to another node as plain bytes
#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <string>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::test::ShuffledDomains>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
  std::string heard;
};

void tell(stos::ChannelWriter<Carol>& carol, const std::string& text) {
  carol.send([text](Carol& c) { c.heard = text; });
}

// expect: stos: an argument of this lambda cannot be serialised
#include "libstos/stos.hpp"

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<1>>;

struct Carol : stos::Agent<Carol, Simulation> {
  using Agent::Agent;
};

void tell(stos::ChannelWriter<Carol>& carol, const caf::actor& listener) {
  carol.send([](Carol&, const caf::actor&) {}, listener);
}

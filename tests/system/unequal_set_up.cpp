// A program whose set-up depends on where it runs, as it must not. tests/system/cluster.sh runs it
// on several nodes. Each of its agents has channels to the next two in a ring.
//
// usage: unequal_set_up [OPTION]...
//
// The environment variable SET_UP says what is special about the set-up of this process:
//   (nothing)  velocity  channel  lambda  class  agents

#include "libstos/stos.hpp"

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;
using SpaceTime = Simulation::SpaceTime;

struct Bead : Agent<Bead, Simulation> {
  explicit Bead(const SpaceTime& position) : Agent(position) {}
  std::vector<ChannelWriter<Bead>> channels;
};

struct Knot : Agent<Knot, Simulation> {
  explicit Knot(const SpaceTime& position) : Agent(position) {}
};

int simulate(const RunOptions& options) {
  constexpr std::size_t beads = 2500; // more than are compared at once
  constexpr std::size_t special = 2000;
  const char* const variable = std::getenv("SET_UP");
  const std::string set_up = variable == nullptr ? "" : variable;

  Simulation simulation(options);
  const auto scope = simulation.set_up();
  std::vector<Bead*> ring;
  for (std::size_t i = 0; i < beads; ++i)
    ring.push_back(new Bead({0, static_cast<double>(i), 0, 0}));
  for (std::size_t i = 0; i < beads; ++i)
    for (const std::size_t step : {1, 2})
      ring[i]->channels.emplace_back(*ring[i], *ring[(i + step) % beads]);
  if (set_up == "class")
    new Knot({0, 0, 0, 0});
  else
    new Bead({0, 0, 0, 0});
  if (set_up == "velocity")
    ring[special]->velocity = Velocity<4>(0, 0.5, 0);
  if (set_up == "channel")
    ring[special]->channels.pop_back();
  ring[special]->channels[0].send([count = set_up == "lambda" ? 2 : 1](Bead& bead) {
    for (int i = 0; i < count; ++i)
      bead.channels[0].send([](Bead&) {});
  });
  if (set_up == "agents")
    new Bead({0, 0, 0, 0});

  const RunSummary summary = Simulation::start(10);
  std::cout << summary.digest.to_string() << '\n';
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return run_main(argc, argv, "Nodes that do not make the same set-up.", simulate);
}

// A program that says itself where its agents go: those on the left, at x < 0, to the last node,
// those on the right to the first one. Each has a child, which has a child, and so on, while it
// runs. tests/system/simulations.sh runs it on several nodes.
//
// usage: own_placement [--left-node N] [OPTION]...; prints how many events of agents on the left
// and on
//        the right have happened in this process, and the digest

#include "libstos/stos.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iostream>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;
using SpaceTime = Simulation::SpaceTime;

std::array<std::atomic<int>, 2> events_here; ///< on the left, on the right

class Dweller : public Agent<Dweller, Simulation> {
public:
  explicit Dweller(const SpaceTime& position) : Agent(position) {}

  void live(int generations) {
    ++events_here[position()[1] < 0 ? 0 : 1];
    if (generations > 0)
      (new Dweller(position()))->after(1, [generations](Dweller& child) {
        child.live(generations - 1);
      });
  }
};

std::uint32_t left_node = 0; ///< counted from 1; 0: the last one

Placement by_side(const PlacementInput& input) {
  Placement placement;
  for (const Point& position : input.positions) {
    const std::size_t left = left_node == 0 ? input.nodes - 1 : left_node - 1;
    placement.emplace_back(position[1] < 0 ? left : 0);
  }
  return placement;
}

int simulate(const RunOptions& options) {
  Simulation simulation(options);
  simulation.resource().place_by(by_side);
  const auto scope = simulation.set_up();
  for (const double x : {-1, 2, -3, 4, 5})
    (new Dweller({0, x, 0, 0}))->after(1, [](Dweller& dweller) { dweller.live(20); });
  const RunSummary summary = Simulation::start(100);
  std::cout << "left " << events_here[0] << " right " << events_here[1] << ' '
            << summary.digest.to_string() << '\n';
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return run_main(
      argc, argv, "Agents that are placed by the program itself.",
      [](CommandLine& command_line) {
        command_line.option("--left-node", left_node,
                            "where agents on the left go, counted from 1; 0: the last node", 0,
                            1000);
      },
      simulate);
}

// A signal may ask any node, at any moment, to end the run: all nodes end, and none finds fault
// with what another one has said.

#include "tests/cluster/parts_of_cuts.hpp"
#include "tests/cluster/worlds_on_nodes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

struct Totals {
  std::size_t before_end = 0; ///< runs that did not get to their end
  std::size_t at_a_stop = 0;  ///< of these, those that had been cut shortly before
};

/// Steps until the first signal, and from one node's to the next one's.
struct Signals {
  std::uint32_t first;
  std::uint32_t further;
  bool to_all;
};

/// Looks, cuts and moves make the nodes agree again and again; the signals come among that.
void interrupt(std::uint64_t seed, const Signals& signals, Totals& totals) {
  WorldPlan plan = plan_of(seed);
  plan.end_time = std::min(plan.end_time, 6.0);
  VirtualCluster::Shape shape = shape_of(seed);
  shape.wants_stop_chance = 0.02;
  shape.divided_anew_chance = 0.01;
  shape.moves_chance = 0.01;
  shape.requests_max = 20;
  std::vector<std::unique_ptr<Simulation>> simulations;
  std::vector<World*> worlds;
  std::vector<std::vector<detail::CutPart>> parts(shape.nodes);
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    simulations.push_back(set_up(plan));
    simulations.back()->observe<AgentBase>("agents", {.every = 0.3},
                                           [](const AgentBase&) { return 1; });
    World& world = simulations.back()->world();
    worlds.push_back(&world);
    detail::set_boundary(world, boundary_of(plan));
    cut_at(world, {0, 0.5, 1, 1.5}, parts[i]);
    world.begin_run();
  }
  VirtualCluster cluster(shape, seed);
  std::uint32_t steps = 0;
  std::size_t interrupted = 0;
  std::size_t cuts = 0;
  cluster.before_step = [&](VirtualCluster& running) {
    const std::size_t signals_max = signals.to_all ? shape.nodes : 1;
    if (++steps < signals.first || interrupted == signals_max ||
        (steps - signals.first) % signals.further != 0)
      return;
    if (interrupted == 0)
      cuts = parts[0].size();
    running.interrupt((seed + interrupted) % shape.nodes);
    ++interrupted;
  };
  const RunSummary summary =
      cluster.run(worlds, [&](std::size_t agent) { return mix64(agent + seed) % shape.nodes; });
  if (interrupted == 0 || summary.last_event_time > plan.end_time - 0.1)
    return;
  ++totals.before_end;
  totals.at_a_stop += cuts > 0 && cuts < 4 ? 1 : 0;
}

} // namespace

TEST_CASE("a signal to one node or to all, at any moment, ends a run on all of them") {
  Totals totals;
  RandomStream random(7);
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("world seed " << seed);
    const Signals signals{1 + random.below(400), 1 + random.below(30), seed % 2 == 0};
    interrupt(seed, signals, totals);
  }
  CHECK(totals.before_end > 200);
  CHECK(totals.at_a_stop > 50);
}

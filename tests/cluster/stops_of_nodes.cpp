// Stops of a cluster that are for several things at once: agents are weighed, and move between
// nodes, nodes divide theirs among their domains, and the world is cut.

#include "tests/cluster/parts_of_cuts.hpp"
#include "tests/cluster/worlds_on_nodes.hpp"
#include "tests/support/same_images.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::Cut;
using stos::detail::CutPart;

namespace {

struct Totals {
  std::size_t cuts = 0;
  std::size_t divisions = 0;
  std::uint64_t moved = 0;
  std::size_t for_all_four = 0; ///< runs with a stop that was for all of it
  std::uint64_t weighed = 0;    ///< events
};

/// All nodes have weighed at the same stops, and no event twice.
void check_weights(const VirtualCluster& cluster, std::size_t nodes, const RunSummary& summary,
                   Totals& totals) {
  std::uint64_t events = 0;
  for (std::size_t node = 0; node < nodes; ++node) {
    REQUIRE(cluster.weights(node).size() == cluster.weights(0).size());
    for (const NodeWeights& weights : cluster.weights(node))
      for (const NodeWeights::Agent& agent : weights.agents)
        events += agent.events;
  }
  REQUIRE(events <= summary.absorbed);
  totals.weighed += events;
}

/// Asks for all of it at the same moments, on nodes of its choice: the outcome and each cut are
/// those of the serial engine.
template <class Plan>
void check_stops(const Plan& plan, std::uint64_t seed, Totals& totals) {
  std::vector<decltype(set_up(plan))> simulations;
  const auto make_world = [&]() -> World& {
    simulations.push_back(set_up(plan));
    World& world = simulations.back()->world();
    detail::set_boundary(world, boundary_of(plan));
    return world;
  };
  VirtualCluster::Shape shape = shape_of(seed);
  shape.domains = 2 + seed % 2;
  std::vector<World*> worlds;
  std::vector<std::vector<CutPart>> parts(shape.nodes);
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    worlds.push_back(&make_world());
    cut_at(*worlds.back(), {}, parts[i]);
    worlds.back()->begin_run();
  }
  VirtualCluster cluster(shape, seed);
  RandomStream random(mix64(seed) + 9);
  int left = 8;
  cluster.before_step = [&](VirtualCluster& running) {
    if (left == 0 || !random.bernoulli(0.02))
      return;
    --left;
    const auto any_node = [&] { return random.below(static_cast<std::uint32_t>(shape.nodes)); };
    running.request_any();
    running.divide_anew(any_node());
    running.weigh(any_node());
    running.cut(any_node());
  };
  const RunSummary summary =
      cluster.run(worlds, [&](std::size_t agent) { return mix64(agent + seed) % shape.nodes; });

  std::vector<double> times;
  for (const CutPart& part : parts.front())
    times.push_back(part.cut.time);
  World& serial = make_world();
  std::vector<CutPart> oracle;
  cut_at(serial, times, oracle);
  serial.begin_run();
  REQUIRE(outcome_of(ShuffledDomains().run(serial)) == outcome_of(summary));
  REQUIRE(oracle.size() == times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    INFO("cut at " << times[i]);
    std::vector<CutPart> of_all;
    for (std::vector<CutPart>& of_node : parts)
      of_all.push_back(std::move(of_node.at(i)));
    std::vector<CutPart> of_one;
    of_one.push_back(std::move(oracle[i]));
    const Cut cut = detail::join(*worlds.front(), std::move(of_all));
    const Cut expected = detail::join(serial, std::move(of_one));
    REQUIRE(same_images(cut, expected));
    REQUIRE(cut.state_digest() == expected.state_digest());
  }
  totals.cuts += times.size();
  totals.divisions += cluster.divisions();
  totals.moved += cluster.moved();
  totals.for_all_four += cluster.most_orders() == 4 ? 1 : 0;
  check_weights(cluster, shape.nodes, summary, totals);
}

void check(const Totals& totals) {
  CHECK(totals.cuts > 100);
  CHECK(totals.divisions > 100);
  CHECK(totals.moved > 100);
  CHECK(totals.for_all_four > 50);
  CHECK(totals.weighed > 1'000);
}

} // namespace

TEST_CASE("a random world on nodes that stops to move, to divide and to be cut at once ends as the "
          "serial engine's") {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    check_stops(plan, seed, totals);
  }
  check(totals);
}

TEST_CASE("an unusual world on nodes that stops to move, to divide and to be cut at once ends as "
          "the serial engine's") {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    check_stops(plan, seed, totals);
  }
  check(totals);
}

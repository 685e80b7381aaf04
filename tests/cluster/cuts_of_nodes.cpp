// Cuts of a world that is spread over nodes: each takes the part of its agents at the same
// laboratory time, and the whole is what the serial engine finds there.

#include "libstos/image/restore.hpp"
#include "tests/cluster/parts_of_cuts.hpp"
#include "tests/cluster/worlds_on_nodes.hpp"
#include "tests/support/same_images.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::Cut;
using stos::detail::CutPart;

namespace {

template <class Plan>
std::vector<Cut> serial_cuts(const Plan& plan, const std::vector<double>& times,
                             std::string& outcome) {
  const auto simulation = set_up(plan);
  World& world = simulation->world();
  detail::set_boundary(world, boundary_of(plan));
  std::vector<CutPart> parts;
  cut_at(world, times, parts);
  world.begin_run();
  outcome = outcome_of(ShuffledDomains().run(world));
  std::vector<Cut> cuts;
  for (CutPart& part : parts) {
    std::vector<CutPart> one;
    one.push_back(std::move(part));
    cuts.push_back(detail::join(world, std::move(one)));
  }
  return cuts;
}

using Shape = VirtualCluster::Shape;

Shape shape_with_moves(std::uint64_t seed) {
  Shape shape = shape_of(seed);
  if (seed % 2 == 0) {
    shape.moves_chance = 0.002;
    shape.moves_max = 5;
    shape.requests_max = 20;
  }
  if (seed % 3 == 0)
    shape.divided_anew_chance = 0.002;
  return shape;
}

/// A world that its program has set up goes on from a cut.
void go_on_from(World& world, const Cut& cut) {
  world.drop_set_up();
  const Result<void> restored = detail::restore(world, cut);
  if (!restored)
    FAIL(restored.error().context);
}

/// Runs the world on nodes, from its set-up or a cut, and compares its outcome. Returns its cuts.
template <class Plan>
std::vector<Cut> run_on_nodes(const Plan& plan, const Shape& shape, std::uint64_t seed,
                              const Cut* from, const std::vector<double>& times,
                              const std::string& expected) {
  std::vector<decltype(set_up(plan))> simulations;
  std::vector<World*> worlds;
  std::vector<std::vector<CutPart>> parts(shape.nodes);
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    simulations.push_back(set_up(plan));
    worlds.push_back(&simulations.back()->world());
    detail::set_boundary(*worlds.back(), boundary_of(plan));
    cut_at(*worlds.back(), times, parts[i]);
    worlds.back()->begin_run();
    if (from != nullptr)
      go_on_from(*worlds.back(), *from);
  }
  VirtualCluster cluster(shape, seed);
  const RunSummary summary =
      cluster.run(worlds, [&](std::size_t agent) { return mix64(agent + seed) % shape.nodes; });
  REQUIRE(outcome_of(summary) == expected);
  std::vector<Cut> cuts;
  for (std::size_t i = 0; i < parts.front().size(); ++i) {
    std::vector<CutPart> of_all;
    for (std::vector<CutPart>& of_node : parts) {
      REQUIRE(of_node.size() == parts.front().size());
      of_all.push_back(std::move(of_node[i]));
    }
    cuts.push_back(detail::join(*worlds.front(), std::move(of_all)));
  }
  return cuts;
}

void require_same(const std::vector<Cut>& cuts, std::span<const Cut> oracle) {
  REQUIRE(cuts.size() == oracle.size());
  for (std::size_t i = 0; i < oracle.size(); ++i) {
    INFO("cut at " << oracle[i].time);
    REQUIRE(same_images(cuts[i], oracle[i]));
    REQUIRE(cuts[i].state_digest() == oracle[i].state_digest());
  }
}

/// When some node wants it, again and again. Returns how often that was.
template <class Plan>
std::size_t check_cuts_at_any_time(const Plan& plan, std::uint64_t seed,
                                   const std::string& expected) {
  Shape shape = shape_with_moves(seed);
  shape.wants_stop_chance = 0.002;
  const std::vector<Cut> cuts = run_on_nodes(plan, shape, seed + 1, nullptr, {}, expected);
  std::vector<double> times;
  for (const Cut& cut : cuts)
    times.push_back(cut.time);
  std::string again;
  require_same(cuts, serial_cuts(plan, times, again));
  REQUIRE(again == expected);
  return cuts.size();
}

/// Returns how many cuts were taken because some node wanted one.
template <class Plan>
std::size_t check_cuts_of_nodes(const Plan& plan, std::uint64_t seed) {
  RandomStream random(mix64(seed) + 5);
  std::vector<double> times;
  for (int i = 0; i < 3; ++i)
    times.push_back(i == 1 ? random.uniform(0, plan.end_time)
                           : 1 + random.below(static_cast<std::uint32_t>(plan.end_time)));
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::string expected;
  const std::vector<Cut> oracle = serial_cuts(plan, times, expected);

  const Shape shape = shape_with_moves(seed);
  require_same(run_on_nodes(plan, shape, seed, nullptr, times, expected), oracle);
  const std::size_t wanted = check_cuts_at_any_time(plan, seed, expected);
  for (std::size_t i = 0; i < oracle.size(); ++i) {
    INFO("from " << oracle[i].time);
    const Shape other = shape_with_moves(seed + 1 + i);
    require_same(run_on_nodes(plan, other, seed + 1 + i, &oracle[i],
                              {times.begin() + static_cast<std::ptrdiff_t>(i), times.end()},
                              expected),
                 std::span(oracle).subspan(i));
  }
  return wanted;
}

} // namespace

TEST_CASE("the parts that nodes have of a random world's cuts make up those of the serial engine") {
  std::size_t wanted = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    wanted += check_cuts_of_nodes(plan, seed);
  }
  CHECK(wanted > 100);
}

TEST_CASE(
    "the parts that nodes have of an unusual world's cuts make up those of the serial engine") {
  std::size_t wanted = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    wanted += check_cuts_of_nodes(plan, seed);
  }
  CHECK(wanted > 100);
}

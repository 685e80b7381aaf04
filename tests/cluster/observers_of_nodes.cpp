// Observers see the same on every engine, and in any number of nodes, and cannot be seen in what
// happens; where a run ends by what they see, it is the run to that time.

#include "libstos/image/restore.hpp"
#include "tests/cluster/parts_of_cuts.hpp"
#include "tests/cluster/worlds_on_nodes.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

/// What is wanted of a run beside its world.
struct Wanted {
  double every = 0.7;
  std::optional<double> ends_above; ///< a number of agents
  std::optional<double> end_time;
};

template <class Simulation>
void observe(Simulation& simulation, const Wanted& wanted) {
  simulation.template observe<AgentBase>(
      "place", {.every = wanted.every, .first = 0.2, .quantiles = true, .bins = {-1, 0, 0.5, 2}},
      [](const AgentBase&, const Minkowski<4>& p) { return p[1] + p[2] / 3 - p[3]; });
  Look look{.every = 1.1};
  if (wanted.ends_above)
    look.until = [most = *wanted.ends_above](const Observed& all) { return all.sum() > most; };
  simulation.template observe<AgentBase>("odd", look, [](const AgentBase& agent) {
    return agent.id().value % 2 == 1 ? std::optional(true) : std::nullopt;
  });
}

template <class Plan>
LabTimeBoundary end_of(const Plan& plan, const Wanted& wanted) {
  return wanted.end_time.value_or(plan.end_time);
}

template <class Plan>
RunSummary run_alone(const Plan& plan, const std::optional<Wanted>& wanted, ShuffledDomains how) {
  const auto simulation = set_up(plan);
  if (wanted)
    observe(*simulation, *wanted);
  World& world = simulation->world();
  detail::set_boundary(world, end_of(plan, wanted.value_or(Wanted{})));
  world.begin_run();
  return how.run(world);
}

template <class Plan>
RunSummary run_on_nodes(const Plan& plan, const Wanted& wanted, VirtualCluster::Shape shape,
                        std::uint64_t seed, const detail::Cut* from = nullptr,
                        std::vector<detail::CutPart>* parts = nullptr, double cut_time = 0) {
  std::vector<decltype(set_up(plan))> simulations;
  std::vector<World*> worlds;
  std::vector<std::vector<detail::CutPart>> taken(shape.nodes);
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    simulations.push_back(set_up(plan));
    observe(*simulations.back(), wanted);
    World& world = simulations.back()->world();
    worlds.push_back(&world);
    detail::set_boundary(world, end_of(plan, wanted));
    if (parts != nullptr)
      cut_at(world, {cut_time}, taken[i]);
    world.begin_run();
    if (from != nullptr) {
      world.drop_set_up();
      REQUIRE(detail::restore(world, *from));
    }
  }
  VirtualCluster cluster(shape, seed);
  RunSummary summary =
      cluster.run(worlds, [&](std::size_t agent) { return mix64(agent + seed) % shape.nodes; });
  for (std::vector<detail::CutPart>& of_node : taken)
    for (detail::CutPart& part : of_node)
      parts->push_back(std::move(part));
  return summary;
}

VirtualCluster::Shape shape_with_moves(std::uint64_t seed) {
  VirtualCluster::Shape shape = shape_of(seed);
  if (seed % 2 == 0) {
    shape.moves_chance = 0.002;
    shape.moves_max = 5;
    shape.requests_max = 20;
  }
  if (seed % 3 == 0)
    shape.divided_anew_chance = 0.002;
  return shape;
}

constexpr std::uint64_t worlds = 40;

} // namespace

TEST_CASE("observers see the same on every engine, and change nothing") {
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    INFO("world " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 8.0);
    const RunSummary unseen = run_alone(plan, std::nullopt, {});
    const Wanted wanted;
    const RunSummary serial = run_alone(plan, wanted, {});
    REQUIRE(outcome_of(serial) == outcome_of(unseen));
    const std::vector<Observation> places = serial.observations.of("place");
    REQUIRE(places.front().time == 0.2);
    REQUIRE(places.back().time == plan.end_time);
    for (const std::size_t domains : {1u, 2u, 5u}) {
      const RunSummary shuffled =
          run_alone(plan, wanted, ShuffledDomains(domains, seed, domains == 5 ? 0.02 : 0));
      REQUIRE(outcome_of(shuffled) == outcome_of(unseen));
      REQUIRE(shuffled.observations.all() == serial.observations.all());
    }
    const RunSummary nodes = run_on_nodes(plan, wanted, shape_with_moves(seed), seed);
    REQUIRE(outcome_of(nodes) == outcome_of(unseen));
    REQUIRE(nodes.observations.all() == serial.observations.all());
  }
}

TEST_CASE("a run that ends by what is observed is the run to that time") {
  std::size_t ended_early = 0;
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    INFO("world " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 8.0);
    Wanted wanted;
    const RunSummary whole = run_alone(plan, wanted, {});
    wanted.ends_above = whole.observations.of("odd")[2].seen.sum(); // it may never be more
    const RunSummary serial = run_alone(plan, wanted, {});
    CHECK(serial.is_complete);
    ended_early += serial.end_time < plan.end_time ? 1 : 0;
    Wanted to_there;
    to_there.end_time = serial.end_time;
    if (serial.end_time > 0)
      REQUIRE(outcome_of(run_alone(plan, to_there, {})) == outcome_of(serial));
    for (const std::size_t domains : {1u, 3u})
      REQUIRE(outcome_of(run_alone(plan, wanted, ShuffledDomains(domains, seed))) ==
              outcome_of(serial));
    const RunSummary nodes = run_on_nodes(plan, wanted, shape_with_moves(seed), seed);
    REQUIRE(outcome_of(nodes) == outcome_of(serial));
    REQUIRE(nodes.end_time == serial.end_time);
    REQUIRE(nodes.observations.all() == serial.observations.all());
  }
  CHECK(ended_early > worlds / 4);
}

TEST_CASE("what was observed before a cut is there behind it") {
  for (std::uint64_t seed = 1; seed <= worlds / 2; ++seed) {
    INFO("world " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 8.0);
    Wanted wanted;
    const RunSummary serial = run_alone(plan, wanted, {});
    if (seed % 2 == 0)
      wanted.ends_above = serial.observations.of("odd")[3].seen.sum();
    const RunSummary expected = run_alone(plan, wanted, {});
    const double cut_time = seed % 3 == 0 ? 2 * wanted.every + 0.2 : 2.2; // at a look, too
    if (!(cut_time < expected.end_time))
      continue;
    std::vector<detail::CutPart> parts;
    const VirtualCluster::Shape shape = shape_with_moves(seed);
    REQUIRE(outcome_of(run_on_nodes(plan, wanted, shape, seed, nullptr, &parts, cut_time)) ==
            outcome_of(expected));
    REQUIRE(parts.size() == shape.nodes);
    const auto simulation = set_up(plan);
    const detail::Cut cut = detail::join(simulation->world(), std::move(parts));
    VirtualCluster::Shape other = shape_with_moves(seed + 1);
    const RunSummary again = run_on_nodes(plan, wanted, other, seed + 1, &cut);
    REQUIRE(outcome_of(again) == outcome_of(expected));
    REQUIRE(again.observations.all() == expected.observations.all());
  }
}

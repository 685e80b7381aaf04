#include "tests/cluster/worlds_on_nodes.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

struct Outcome {
  RunSummary summary;
  std::uint64_t frames;
  std::vector<MoveOutcome> outcomes;
};

template <class Plan>
Outcome run_on_nodes(const Plan& plan, const VirtualCluster::Shape& shape, std::uint64_t seed) {
  std::vector<decltype(set_up(plan))> simulations;
  std::vector<World*> worlds;
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    simulations.push_back(set_up(plan));
    worlds.push_back(&simulations.back()->world());
    detail::set_boundary(*worlds.back(), boundary_of(plan));
    worlds.back()->begin_run();
  }
  VirtualCluster cluster(shape, seed);
  RunSummary summary =
      cluster.run(worlds, [&](std::size_t agent) { return mix64(agent + seed) % shape.nodes; });
  return {std::move(summary), cluster.frames(), cluster.outcomes()};
}

void check_same(const RunSummary& run, const RunSummary& oracle) {
  CHECK(run.digest.to_string() == oracle.digest.to_string());
  CHECK(run.sent == run.absorbed + run.in_flight + run.dropped);
  CHECK(run.agents_born == oracle.agents_born);
  CHECK(run.agents_died == oracle.agents_died);
  CHECK(run.absorbed == oracle.absorbed);
  CHECK(run.in_flight == oracle.in_flight);
  CHECK(run.dropped == oracle.dropped);
}

} // namespace

namespace {

/// Sends to the other one and never hears from it.
class Talker : public Agent<Talker, Simulation> {
public:
  explicit Talker(const Minkowski<4>& position) : Agent(position) {}

  void talk(int left) {
    out.send([](Talker& other) { ++other.heard; });
    if (left > 0)
      after(0.001, [left](Talker& self) { self.talk(left - 1); });
  }
  ChannelWriter<Talker> out;
  int heard = 0;
};

} // namespace

TEST_CASE("a node that does not take what it is sent keeps its senders from going on") {
  constexpr int lambdas = 20'000;
  constexpr std::size_t credit = 4'000;
  std::vector<std::unique_ptr<Simulation>> simulations;
  std::vector<World*> worlds;
  for (int i = 0; i < 2; ++i) {
    simulations.push_back(std::make_unique<Simulation>());
    const auto scope = simulations.back()->set_up();
    auto* talker = new Talker({0, 0, 0, 0});
    auto* listener = new Talker({0, 1, 0, 0});
    talker->out = ChannelWriter(*talker, *listener);
    talker->after(1, [](Talker& self) { self.talk(lambdas); });
    worlds.push_back(&simulations.back()->world());
    worlds.back()->end_time = 100;
    worlds.back()->begin_run();
  }
  VirtualCluster cluster({2, 1, {1'000, credit}, {}}, 1);
  std::size_t waiting_max = 0;
  bool has_stopped = false;
  cluster.before_step = [&](VirtualCluster& now) {
    if (!std::exchange(has_stopped, true))
      now.stopped_node = 1;
    waiting_max = std::max(waiting_max, now.waiting_bytes(0, 1));
  };
  const RunSummary run = cluster.run(worlds, [](std::size_t i) { return i; });
  CHECK(run.in_flight == 0);
  CHECK(run.absorbed == 2 * (lambdas + 1));
  CHECK(waiting_max > credit);
  CHECK(waiting_max < 10 * credit); // a slice of the domain more
  CHECK(cluster.bytes() > 100 * credit / 2);
}

TEST_CASE("agents that move between nodes again and again change no outcome") {
  std::uint64_t moved = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    const std::uint64_t choice = mix64(seed + 4'711);
    VirtualCluster::Shape shape = shape_of(choice);
    switch (choice / 32 % 3) {
      case 0: shape.requests_max = 1; break;
      case 1: shape.requests_max = 10; break;
      default: shape.requests_max = 1'000; break;
    }
    shape.moves_chance = 0.01;
    shape.moves_max = choice / 128 % 2 == 0 ? 1 : 100;
    INFO("world " << seed << ": " << shape.nodes << " nodes, " << shape.domains
                  << " domains, frames of " << shape.limits.frame_bytes_max << " bytes, "
                  << shape.requests_max << " requests for " << shape.moves_max << " moves each");
    const Outcome run = run_on_nodes(plan, shape, choice);
    check_same(run.summary, set_up(plan)->run(plan.end_time));
    for (const MoveOutcome& outcome : run.outcomes) {
      moved += outcome.result == MoveResult::moved ? 1 : 0;
      refused += outcome.result == MoveResult::not_serialisable ? 1 : 0;
    }
  }
  CHECK(moved > 5'000);
  CHECK(refused == 0);
}

TEST_CASE("a random world has one outcome on any number of nodes, however slow their network is") {
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    const std::uint64_t choice = mix64(seed);
    const VirtualCluster::Shape shape = shape_of(choice);
    INFO("world " << seed << ": " << shape.nodes << " nodes, " << shape.domains
                  << " domains, frames of " << shape.limits.frame_bytes_max << " bytes");
    check_same(run_on_nodes(plan, shape, choice).summary, set_up(plan)->run(plan.end_time));
  }
}

TEST_CASE("an unusual world has one outcome on any number of nodes, wherever its agents go") {
  std::uint64_t moved = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    const std::string expected = outcome_of(set_up(plan)->run(boundary_of(plan)));
    for (const bool moving : {false, true}) {
      const std::uint64_t choice = mix64(seed + (moving ? 815 : 0));
      VirtualCluster::Shape shape = shape_of(choice);
      shape.moves_chance = moving ? 0.01 : 0;
      shape.moves_max = choice / 128 % 2 == 0 ? 1 : 100;
      INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene) << ": "
                            << shape.nodes << " nodes, " << shape.domains << " domains, frames of "
                            << shape.limits.frame_bytes_max << " bytes"
                            << (moving ? ", agents move" : ""));
      const Outcome run = run_on_nodes(plan, shape, choice);
      CHECK(outcome_of(run.summary) == expected);
      for (const MoveOutcome& outcome : run.outcomes)
        moved += outcome.result == MoveResult::moved ? 1 : 0;
    }
  }
  CHECK(moved > 1'000);
}

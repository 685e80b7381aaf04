// Which agents are to move between nodes, by what was measured.

#include "libstos/cluster/placement/balance.hpp"

#include "libstos/base/bytes.hpp"
#include "libstos/base/random.hpp"
#include "tests/cluster/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

using namespace stos;
using namespace stos::test;

namespace {

NodeIndex node(std::size_t number) { return NodeIndex(number); }

/// Agents 1 to n, each on a node, and who sends how much to whom.
struct MadeUpWorld {
  Placement nodes;
  std::vector<std::uint32_t> events;
  std::vector<PlacementInput::Link> traffic;

  [[nodiscard]] PerNode<NodeWeights> weights(std::size_t count) const {
    PerNode<NodeWeights> all(count);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      all[nodes[i]].agents.push_back({AgentId{i + 1}, events[i]});
      all[nodes[i]].busy_s += events[i] * 1e-6;
    }
    for (const PlacementInput::Link& each : traffic)
      all[nodes[each.from]].traffic.push_back(
          {AgentId{each.from + 1}, AgentId{each.to + 1}, each.weight});
    return all;
  }

  void follow(const BalanceAdvice& advice) {
    for (const AgentMove& move : advice.moves)
      nodes[move.agent.value - 1] = move.node;
  }

  [[nodiscard]] double crossing() const {
    double all = 0, crossing = 0;
    for (const PlacementInput::Link& each : traffic) {
      all += each.weight;
      crossing += nodes[each.from] != nodes[each.to] ? each.weight : 0;
    }
    return all > 0 ? crossing / all : 0;
  }

  [[nodiscard]] double busiest(std::size_t count) const {
    PerNode<double> load(count);
    for (std::size_t i = 0; i < nodes.size(); ++i)
      load[nodes[i]] += events[i];
    return *std::ranges::max_element(load) * static_cast<double>(count) /
           std::accumulate(load.begin(), load.end(), 0.0);
  }
};

/// A square of agents in stripes, one for each node, each of whom sends to those beside it.
MadeUpWorld square(std::uint32_t side, std::size_t count) {
  MadeUpWorld world;
  for (std::uint32_t y = 0; y < side; ++y)
    for (std::uint32_t x = 0; x < side; ++x) {
      world.nodes.push_back(node(y * count / side));
      world.events.push_back(100);
      if (x + 1 < side)
        world.traffic.push_back({y * side + x, y * side + x + 1, 50});
      if (y + 1 < side)
        world.traffic.push_back({y * side + x, (y + 1) * side + x, 50});
    }
  return world;
}

/// Until nothing moves any more. Returns how many moves there were.
std::size_t settle(MadeUpWorld& world, BalanceName rule, std::size_t count) {
  Balancer balancer(rule);
  std::size_t moves = 0;
  for (int round = 0; round < 200; ++round) {
    const BalanceAdvice advice = balancer.advise(world.weights(count));
    if (advice.moves.empty())
      return moves;
    const double before = world.crossing();
    world.follow(advice);
    moves += advice.moves.size();
    CHECK(advice.before.crossing == Approx(before));
    CHECK(advice.after.crossing == Approx(world.crossing()));
    CHECK(advice.after.busiest == Approx(world.busiest(count)).epsilon(0.01));
  }
  FAIL("agents move for ever");
  return moves;
}

} // namespace

TEST_CASE("weights come back from their bytes, and nothing else is taken for some") {
  const NodeWeights weights{1.5,
                            {{AgentId{7}, 3}, {AgentId{9}, 0}},
                            {{AgentId{7}, AgentId{9}, 4'000'000'000}},
                            {AgentId{8}}};
  std::vector<std::byte> bytes = encode(weights);
  const Result<NodeWeights> again = decode_weights(bytes);
  REQUIRE(again);
  CHECK(*again == weights);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_weights(std::span(bytes).first(size)));
  bytes.push_back({});
  CHECK_FALSE(decode_weights(bytes));
  CHECK_FALSE(decode_weights(encode(NodeWeights{-1, {}, {}, {}})));
  CHECK_FALSE(decode_weights(encode(NodeWeights{std::nan(""), {}, {}, {}})));
}

TEST_CASE("a world that is even moves nobody") {
  for (const BalanceName rule : {BalanceName::diffusion, BalanceName::repartition}) {
    MadeUpWorld world = square(30, 3);
    CHECK(settle(world, rule, 3) == 0);
  }
}

TEST_CASE("a hot spot is shared by all nodes, with few moves, and that is that") {
  MadeUpWorld world = square(30, 3);
  for (std::size_t i = 0; i < 150; ++i)
    world.events[i] = 1'000; // half of what the first node has
  CHECK(world.busiest(3) > 2);
  const std::size_t moves = settle(world, BalanceName::diffusion, 3);
  CHECK(world.busiest(3) <= 1.1);
  CHECK(moves < 300);
  CHECK(world.crossing() < 0.15);
}

TEST_CASE("agents that begin to talk to others come together, and loads stay even") {
  constexpr std::uint32_t pairs = 300;
  RandomStream random(3);
  MadeUpWorld world;
  std::vector<std::uint32_t> agents(2 * pairs);
  std::iota(agents.begin(), agents.end(), 0U);
  random.shuffle(agents);
  for (std::uint32_t i = 0; i < 2 * pairs; ++i) {
    world.nodes.push_back(node(i % 3));
    world.events.push_back(100);
  }
  for (std::uint32_t i = 0; i < pairs; ++i)
    world.traffic.push_back({agents[2 * i], agents[2 * i + 1], 100});
  CHECK(world.crossing() > 0.6);
  for (const BalanceName rule : {BalanceName::diffusion, BalanceName::repartition}) {
    MadeUpWorld settled = world;
    const std::size_t moves = settle(settled, rule, 3);
    CHECK(settled.crossing() < 0.05);
    CHECK(settled.busiest(3) <= 1.11);
    CHECK(moves <= 400); // one of each pair would do
  }
}

TEST_CASE("where diffusion gets stuck, a fresh partition is taken") {
  // Stripes across what belongs together: no single agent gains anything by a move.
  constexpr std::uint32_t side = 24;
  MadeUpWorld world = square(side, 2);
  for (std::uint32_t i = 0; i < side * side; ++i)
    world.nodes[i] = node((i / (2 * side)) % 2);
  const double before = world.crossing();
  MadeUpWorld diffused = world;
  (void)settle(diffused, BalanceName::diffusion, 2);
  MadeUpWorld fresh = world;
  (void)settle(fresh, BalanceName::repartition, 2);
  CHECK(fresh.crossing() < 0.5 * before);
  CHECK(fresh.crossing() <= diffused.crossing());
  CHECK(fresh.busiest(2) < 1.1);
}

TEST_CASE("parts are called after the nodes that most of them are on already") {
  const Placement current{node(0), node(0), node(1), node(1), node(2), node(2)};
  const Placement fresh{node(2), node(2), node(0), node(0), node(1), node(0)};
  const std::vector<std::uint32_t> loads(6, 1);
  CHECK(relabelled(fresh, current, loads, 3) ==
        Placement{node(0), node(0), node(1), node(1), node(2), node(1)});
}

TEST_CASE("a node whose agents take longer for an event has more to do") {
  MadeUpWorld world = square(30, 3);
  PerNode<NodeWeights> weights = world.weights(3);
  weights[node(1)].busy_s *= 4; // it is slow, or they are dear: that is the same to it
  Balancer balancer(BalanceName::diffusion);
  const BalanceAdvice advice = balancer.advise(weights);
  CHECK(advice.before.busiest == Approx(2));
  CHECK(advice.after.busiest < 1.9);
  CHECK(std::ranges::all_of(advice.moves, [](const AgentMove& m) { return m.node != node(1); }));
}

TEST_CASE("of agents that have just come, what they weighed before is taken") {
  MadeUpWorld world = square(30, 3);
  for (std::size_t i = 0; i < 150; ++i)
    world.events[i] = 1'000;
  Balancer balancer(BalanceName::diffusion);
  const BalanceAdvice first = balancer.advise(world.weights(3));
  REQUIRE_FALSE(first.moves.empty());
  world.follow(first);
  PerNode<NodeWeights> weights = world.weights(3);
  for (const AgentMove& move : first.moves) {
    NodeWeights& there = weights[move.node];
    std::erase_if(there.agents, [&](const auto& agent) { return agent.id == move.agent; });
    std::erase_if(there.traffic, [&](const auto& each) { return each.from == move.agent; });
    there.new_here.push_back(move.agent);
  }
  const BalanceAdvice second = balancer.advise(weights);
  CHECK(second.before.busiest == Approx(first.after.busiest).epsilon(0.02));
  CHECK(second.before.crossing == Approx(first.after.crossing).epsilon(0.02));
}

TEST_CASE("worlds of all kinds settle") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    const std::size_t count = 2 + random.below(6);
    const std::uint32_t agents = 50 + random.below(1'000);
    MadeUpWorld world;
    for (std::uint32_t i = 0; i < agents; ++i) {
      world.nodes.push_back(node(random.below(static_cast<std::uint32_t>(count))));
      world.events.push_back(random.below(10) == 0 ? random.below(10'000) : random.below(100));
      for (int k = 0; k < 3; ++k)
        world.traffic.push_back({i, random.below(agents), random.below(50)});
    }
    const double busiest = world.busiest(count);
    (void)settle(world, seed % 2 == 0 ? BalanceName::diffusion : BalanceName::repartition, count);
    CHECK(world.busiest(count) <= std::max(busiest, 1.2));
  }
}

#include "libstos/cluster/placement/placement.hpp"

#include "libstos/cluster/placement/companions.hpp"
#include "tests/cluster/support.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>
#include <thread>

using namespace stos;
using namespace stos::test;

TEST_CASE(
    "on the lattice of 100,000 agents over four nodes space and graph save most of the traffic") {
  // Which axis comes first in the order of creation matters to round robin alone.
  for (const bool swapped : {false, true}) {
    const Surroundings world = swapped ? lattice(50, 50, 40) : lattice(40, 50, 50);
    const PlacementInput input = world.input(4);
    const auto cut = [&](std::string_view name) {
      const TrafficCut c = measure_cut(input, placed(name, input));
      CHECK(c.channels == 600'000);
      CHECK(static_cast<double>(c.largest_part) <= 1.03 * 25'000);
      CHECK(static_cast<double>(c.smallest_part) >= 0.97 * 25'000);
      return c.crossing_share();
    };
    CHECK(cut("hilbert") <= 0.03); // 2.67 % is the least that four boxes can do
    CHECK(cut("graph") <= 0.03);
    // Neighbours along x always differ mod 4; those along y only if 4 does not divide nx.
    CHECK(cut("round_robin") == Approx(swapped ? 2.0 / 3 : 1.0 / 3));
  }
}

TEST_CASE("placements are balanced, within range, repeatable, and leave no node empty") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    const Surroundings world = random_surroundings(random);
    PlacementInput input = world.input(1 + random.below(9));
    input.capacity = random_capacity(random, input.nodes);
    for (const std::string_view name : placement_names()) {
      INFO(name);
      const Placement placement = placed(name, input);
      REQUIRE(placement == placed(name, input));
      std::size_t able = 0;
      PerNode<std::size_t> agents(input.nodes);
      for (const NodeIndex node : placement)
        ++agents[node];
      for (const NodeIndex node : agents.indices())
        if (input.capacity.empty() || input.capacity[node] > 0)
          ++able;
        else
          REQUIRE(agents[node] == 0);
      const auto used =
          input.nodes - static_cast<std::size_t>(std::count(agents.begin(), agents.end(), 0));
      const bool divides_groups = name == "round_robin" || name == "block";
      const Companions companions(input);
      const PlacementInput divided =
          divides_groups || !companions.any() ? input : companions.as_agents();
      REQUIRE(used == std::min(able, divided.positions.size()));
      if (name == "round_robin" || divided.positions.size() <= able)
        continue;
      // What cannot be divided further is one agent, or group; one given to a node that would be
      // empty may be as heavy as any.
      std::uint32_t heaviest = 1;
      for (const std::uint32_t load : divided.loads)
        heaviest = std::max(heaviest, load);
      const Excess excess = excess_of(input, placement);
      REQUIRE((excess.share <= 0.03 || excess.load <= heaviest));
    }
  }
}

TEST_CASE("round robin deals agents out in turn, and by capacity") {
  Surroundings world;
  world.positions.resize(8);
  PlacementInput input = world.input(3);
  CHECK(placed("round_robin", input) == on_nodes({0, 1, 2, 0, 1, 2, 0, 1}));
  input.capacity = {1, 2, 1};
  CHECK(placed("round_robin", input) == on_nodes({1, 0, 1, 2, 1, 0, 1, 2}));
}

TEST_CASE("blocks are runs of equal load in the order of creation") {
  Surroundings world;
  world.positions.resize(8);
  CHECK(placed("block", world.input(3)) == on_nodes({0, 0, 0, 1, 1, 2, 2, 2}));
  world.loads = {6, 1, 1, 1, 1, 1, 1, 0};
  CHECK(placed("block", world.input(2)) == on_nodes({0, 1, 1, 1, 1, 1, 1, 1}));
  world.loads = {0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(placed("block", world.input(2)) == on_nodes({0, 0, 0, 0, 1, 1, 1, 1}));
  world.loads = {};
  PlacementInput input = world.input(3);
  input.capacity = {1, 0, 3};
  CHECK(placed("block", input) == on_nodes({0, 0, 2, 2, 2, 2, 2, 2}));
}

TEST_CASE("two groups without a channel between them are kept apart") {
  Surroundings world;
  for (std::uint32_t i = 0; i < 40; ++i) {
    world.positions.emplace_back(0, i, 0, 0);
    for (std::uint32_t j = i % 2; j < i; j += 2)
      world.channels.push_back({i, j});
  }
  const PlacementInput input = world.input(2);
  const TrafficCut cut = measure_cut(input, placed("graph", input));
  CHECK(cut.crossing == 0);
  CHECK(cut.largest_part == 20);
}

TEST_CASE("heavy traffic is not cut where light traffic can be") {
  Surroundings ring;
  for (std::uint32_t i = 0; i < 64; ++i) {
    ring.positions.emplace_back(0, i, 0, 0);
    ring.channels.push_back({i, (i + 1) % 64, i % 8 == 3 ? 1u : 1000u});
  }
  const PlacementInput input = ring.input(4);
  const TrafficCut cut = measure_cut(input, placed("graph", input));
  CHECK(cut.crossing_weight == 4);
  CHECK(cut.largest_part == 16);
}

TEST_CASE("without channels between agents the graph placement goes by space") {
  RandomStream random(3);
  Surroundings world;
  for (std::uint32_t i = 0; i < 100; ++i) {
    world.positions.emplace_back(0, random.uniform(), random.uniform(), random.uniform());
    world.channels.push_back({i, i});
    world.channels.push_back({i, (i + 1) % 100, 0});
  }
  CHECK(placed("graph", world.input(4)) == placed("hilbert", world.input(4)));
}

TEST_CASE("agents of one place share a node, however many they are") {
  Surroundings world = lattice(10, 10, 10);
  constexpr std::uint32_t crowd = 1500;
  const auto first = static_cast<std::uint32_t>(world.positions.size());
  for (std::uint32_t i = 0; i < crowd; ++i) {
    world.positions.emplace_back(0, 5, 5, 5);
    world.channels.push_back({first + i, first + (i + 1) % crowd});
  }
  const PlacementInput input = world.input(3);
  for (const std::string_view name : {"hilbert", "graph"}) {
    INFO(name);
    const Placement placement = placed(name, input);
    const std::set<NodeIndex> nodes(placement.begin() + first, placement.end());
    CHECK(nodes.size() == 1);
    const auto loads = node_loads(input, placement);
    CHECK(*std::max_element(loads.begin(), loads.end()) <= crowd + 50);
  }
  const Placement blocks = placed("block", input);
  CHECK(std::set<NodeIndex>(blocks.begin() + first, blocks.end()).size() == 2);
}

TEST_CASE("agents who have no channel need not share a node where they share a place") {
  Surroundings world;
  world.positions.resize(100);
  CHECK(excess_of(world.input(4), placed("hilbert", world.input(4))).load == 0);
}

TEST_CASE(
    "in a small world, agents near each other share a node; in a large one, if they are few") {
  // Towns of eight houses, far from each other.
  const auto world_of_towns = [](std::uint32_t towns) {
    Surroundings world;
    for (std::uint32_t i = 0; i < 8 * towns; ++i) {
      world.positions.emplace_back(0, 1000 * (i / 8), i % 8, 0);
      world.channels.push_back({i, i / 8 * 8 + (i + 1) % 8});
      world.channels.push_back({i, (i + 8) % (8 * towns)});
    }
    return world;
  };
  const auto divided_towns = [](const Placement& placement) {
    int divided = 0;
    for (std::size_t i = 0; i < placement.size(); ++i)
      divided += placement[i] != placement[i / 8 * 8] ? 1 : 0;
    return divided;
  };
  for (const std::uint32_t towns : {3U, 7U, 1001U})
    for (const std::string_view name : {"hilbert", "graph"}) {
      INFO(towns << " towns, " << name);
      const Surroundings world = world_of_towns(towns);
      CHECK(divided_towns(placed(name, world.input(2))) == 0);
    }
}

TEST_CASE("one agent far away does not make a crowd of all others") {
  Surroundings world = lattice(40, 40, 1);
  world.space = {};
  world.positions.emplace_back(0, 1e9, 1e9, 0);
  const PlacementInput input = world.input(4);
  for (const std::string_view name : {"hilbert", "graph"})
    CHECK(excess_of(input, placed(name, input)).share <= 0.03);
}

TEST_CASE("agents without channels are spread as evenly as the others") {
  Surroundings world = lattice(10, 10, 10);
  for (std::uint32_t i = 0; i < 1000; ++i)
    world.positions.emplace_back(0, i, 0, 0);
  const PlacementInput input = world.input(4);
  CHECK(excess_of(input, placed("graph", input)).share <= 0.03);
}

TEST_CASE("loads and weights that need more than 32 bits are balanced and cut like small ones") {
  Surroundings world = lattice(16, 16, 16);
  world.loads.assign(world.positions.size(), 4'000'000'000);
  for (auto& channel : world.channels)
    channel.weight = 4'000'000'000;
  const PlacementInput input = world.input(4);
  const Placement placement = placed("graph", input);
  CHECK(excess_of(input, placement).share <= 0.03);
  CHECK(measure_cut(input, placement).crossing_share() <= 0.09); // four boxes: 8.33 %
}

TEST_CASE("several threads partition one graph at a time, and alike") {
  const Surroundings world = lattice(20, 20, 25);
  const PlacementInput input = world.input(5);
  const Placement alone = placed("graph", input);
  const auto function = placement_by_name("graph");
  std::vector<Placement> together(4);
  std::vector<std::thread> threads;
  for (Placement& placement : together)
    threads.emplace_back([&] { placement = (*function)(input); });
  for (std::thread& thread : threads)
    thread.join();
  for (const Placement& placement : together)
    CHECK(placement == alone);
}

TEST_CASE("an unknown placement is answered with the names of all") {
  const auto none = placement_by_name("metis");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::bad_argument);
  CHECK(none.error().context ==
        "no placement is called 'metis'; there are: round_robin, block, hilbert, graph");
}

namespace {

std::string refusal(const PlacementInput& input, const PlacementFunction& function) {
  const auto result = place(function, input);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::bad_argument);
  return result.error().context;
}

} // namespace

TEST_CASE("a user's placement is checked for size and range") {
  Surroundings world;
  world.positions.resize(3);
  const PlacementInput input = world.input(2);
  const auto always = [](Placement p) { return [p](const PlacementInput&) { return p; }; };

  const auto good = place(always(on_nodes({1, 0, 1})), input);
  REQUIRE(good);
  CHECK(*good == on_nodes({1, 0, 1}));
  CHECK(refusal(input, always(on_nodes({1, 0}))) ==
        "a placement has 2 nodes for 3 agents: wanted one for each");
  CHECK(refusal(input, always(on_nodes({1, 0, 2}))) ==
        "a placement puts agent 2 on node 2: wanted 0 to 1");
  CHECK(refusal(input, {}) == "placement by an empty function: wanted one that can be called");
}

TEST_CASE("what cannot be placed is refused before anybody places it") {
  Surroundings world;
  world.positions.resize(3);
  const PlacementFunction unused = [](const PlacementInput&) -> Placement {
    FAIL("called with bad input");
    return {};
  };
  const auto refused = [&](auto change) {
    PlacementInput input = world.input(2);
    change(input);
    return refusal(input, unused);
  };
  CHECK(refused([](PlacementInput& in) { in.nodes = 0; }) ==
        "placement of 0 nodes: wanted 1 to 65536");
  CHECK(refused([](PlacementInput& in) { in.nodes = 65'537; }) ==
        "placement of 65537 nodes: wanted 1 to 65536");
  CHECK(refused([](PlacementInput& in) { in.capacity = {1}; }) ==
        "placement on 2 nodes was given 1 capacities: wanted one for each, or none");
  CHECK(refused([](PlacementInput& in) {
          in.capacity = {1, -1};
        }) == "the capacity of node 1 is -1: wanted 0 or more, and a finite sum over all nodes");
  CHECK(refused([](PlacementInput& in) {
          in.capacity = {0, 0};
        }) == "all 2 nodes have capacity 0: no agent has a place");
  const std::vector<std::uint32_t> loads{1, 2};
  CHECK(refused([&](PlacementInput& in) { in.loads = loads; }) ==
        "placement of 3 agents was given 2 loads: wanted one for each, or none");
  const std::vector<PlacementInput::Link> channels{{0, 1}, {2, 3}};
  CHECK(refused([&](PlacementInput& in) { in.channels = channels; }) ==
        "channel 1 goes from agent 2 to agent 3, but there are only 3");
  world.positions[1][2] = std::numeric_limits<double>::quiet_NaN();
  CHECK(refused([](PlacementInput&) {}) == "coordinate 2 of agent 1 is not finite");
}

TEST_CASE("a cut counts channels and traffic between nodes, and the loads of nodes") {
  Surroundings world;
  world.positions.resize(3);
  world.loads = {1, 2, 4};
  world.channels = {{0, 1, 5}, {1, 0, 7}, {1, 2, 100}, {2, 2, 1}};
  const TrafficCut cut = measure_cut(world.input(3), on_nodes({0, 1, 1}));
  CHECK(cut.channels == 4);
  CHECK(cut.crossing == 2);
  CHECK(cut.weight == 113);
  CHECK(cut.crossing_weight == 12);
  CHECK(cut.crossing_share() == Approx(12.0 / 113));
  CHECK(cut.smallest_part == 0);
  CHECK(cut.largest_part == 6);
}

#include "tests/support/nodes_in_threads.hpp"
#include "tests/support/random_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

// What of a run does not show in its outcome.
struct Circumstances {
  PlacementName placement;
  std::uint64_t random_moves;
  double random_delay_s;
  std::uint32_t workers;
};

// All of them meet all others, one way or another.
Circumstances circumstances_of(std::uint64_t seed) {
  constexpr std::array placements{PlacementName::round_robin, PlacementName::block,
                                  PlacementName::hilbert, PlacementName::graph};
  constexpr std::array<std::uint64_t, 3> moves{0, 10, 1000};
  return {placements[seed % placements.size()], moves[seed / 4 % moves.size()],
          seed % 5 == 0 ? 200e-6 : 0, 1 + static_cast<std::uint32_t>(seed % 7 / 4)};
}

struct Outcome {
  std::uint64_t seed = 0;
  std::string digest;
  std::uint64_t dropped = 0;
  std::uint64_t born = 0;

  explicit Outcome(std::uint64_t world_seed, const RunSummary& summary)
      : seed(world_seed), digest(summary.digests()), dropped(summary.dropped),
        born(summary.agents_born) {}

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << "world " << outcome.seed << ": " << outcome.digest << ", " << outcome.dropped
             << " dropped, " << outcome.born << " born";
}

WorldPlan plan_of_world(std::uint64_t seed) {
  WorldPlan plan = plan_of(seed);
  plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
  return plan;
}

// The outcomes of all worlds as each of the nodes sees them.
std::vector<std::vector<Outcome>> outcomes_on(std::size_t nodes,
                                              const std::vector<std::uint64_t>& seeds) {
  std::vector<std::vector<Outcome>> outcomes(nodes);
  nodes_in_threads(nodes, [&](NodeInThread& self) {
    for (const std::uint64_t seed : seeds) {
      const Circumstances circumstances = circumstances_of(seed);
      RunOptions options = self.options;
      options.simulation_name = "world-" + std::to_string(seed);
      options.workers = circumstances.workers;
      options.values = seed % 2 == 0;
      options.cluster.placement = circumstances.placement;
      options.cluster.random_moves = circumstances.random_moves;
      options.cluster.random_delay_s = circumstances.random_delay_s;
      try {
        outcomes[self.index].emplace_back(
            seed,
            run_random_world(plan_of_world(seed), options, ThreadPool<0>(self.system, self.node)));
      } catch (const std::exception& e) {
        throw std::runtime_error("world " + std::to_string(seed) + ": " + e.what());
      }
    }
  });
  return outcomes;
}

} // namespace

TEST_CASE("a random world has one outcome on any number of nodes, wherever its agents are and go") {
  std::vector<std::uint64_t> seeds;
  std::vector<Outcome> expected;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    seeds.push_back(seed);
    RunOptions options;
    options.values = seed % 2 == 0;
    expected.emplace_back(seed, run_random_world<ThreadPool<0>>(plan_of_world(seed), options));
  }
  for (const std::size_t nodes : {2u, 3u, 5u}) {
    INFO("nodes " << nodes);
    for (const std::vector<Outcome>& outcomes : outcomes_on(nodes, seeds))
      CHECK(outcomes == expected);
  }
}

#include "libstos/cluster/placement/graph_partition.hpp"

#include "libstos/cluster/placement/agent_loads.hpp"
#include "libstos/cluster/placement/rebalance.hpp"

#include <scotch.h>

#include <algorithm>
#include <cmath>
#include <new>

namespace stos {

namespace {

constexpr SCOTCH_Num seed = 1;
constexpr double imbalance_wanted = 0.02; // Scotch goes a little beyond it when it has to
constexpr double imbalance_max = 0.03;

/// No sum of loads or weights is larger: half of what Scotch's 32 bits hold.
constexpr std::uint64_t sum_max = std::uint64_t{1} << 30;

void check(int failed) {
  if (failed != 0)
    throw std::bad_alloc();
}

/// One of Scotch's objects, from its Init to its Exit.
template <class T, auto init, auto exit>
struct Scoped {
  Scoped() { check(init(&object)); }
  ~Scoped() { exit(&object); }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;
  T* get() { return &object; }

  T object;
};

using Context = Scoped<SCOTCH_Context, SCOTCH_contextInit, SCOTCH_contextExit>;
using Graph = Scoped<SCOTCH_Graph, SCOTCH_graphInit, SCOTCH_graphExit>;
using Strategy = Scoped<SCOTCH_Strat, SCOTCH_stratInit, SCOTCH_stratExit>;
using Target = Scoped<SCOTCH_Arch, SCOTCH_archInit, SCOTCH_archExit>;

/// The channel graph as Scotch reads it.
struct Arrays {
  std::vector<SCOTCH_Num> first;
  std::vector<SCOTCH_Num> loads;
  std::vector<SCOTCH_Num> neighbours;
  std::vector<SCOTCH_Num> weights;
};

} // namespace

/// What `value` becomes when all values, whose sum is `total`, are squeezed into a sum of `room`.
static SCOTCH_Num squeezed(std::uint64_t value, std::uint64_t total, std::uint64_t room) {
  if (total <= room)
    return static_cast<SCOTCH_Num>(value);
  return static_cast<SCOTCH_Num>(static_cast<double>(value) *
                                 (static_cast<double>(room) / static_cast<double>(total)));
}

/// What a sum may come to when 1 is added to each of `count` addends.
static std::uint64_t room_beside(std::size_t count) {
  return sum_max - std::min<std::uint64_t>(sum_max / 2, count);
}

static Arrays arrays_of(const ChannelGraph& graph, const AgentLoads& loads) {
  Arrays arrays;
  const std::size_t agents = graph.agents();
  // An agent counts at least 1; more the finer loads can be told apart next to that.
  const std::uint64_t room = room_beside(agents);
  const std::uint64_t scale = std::clamp<std::uint64_t>(room / loads.total(), 1, 256);
  arrays.first.push_back(0);
  for (std::size_t agent = 0; agent < agents; ++agent) {
    for (const auto& edge : graph.edges(agent))
      arrays.neighbours.push_back(static_cast<SCOTCH_Num>(edge.to));
    arrays.first.push_back(static_cast<SCOTCH_Num>(arrays.neighbours.size()));
    arrays.loads.push_back(1 + squeezed(loads[agent] * scale, loads.total() * scale, room));
  }
  const std::uint64_t weight = graph.total_weight();
  const std::uint64_t weight_room = room_beside(graph.all_edges().size());
  for (const auto& edge : graph.all_edges())
    arrays.weights.push_back(std::max<SCOTCH_Num>(1, squeezed(edge.weight, weight, weight_room)));
  return arrays;
}

// As many parts as nodes; their sizes, where capacities differ, to one part in 1,000 of the
// largest.
static void describe(SCOTCH_Arch* target, const NodeShares& shares) {
  const auto parts = static_cast<SCOTCH_Num>(shares.nodes.size());
  const auto [least, most] = std::minmax_element(shares.capacity.begin(), shares.capacity.end());
  if (*least == *most)
    return check(SCOTCH_archCmplt(target, parts));
  std::vector<SCOTCH_Num> sizes;
  for (const double capacity : shares.capacity)
    sizes.push_back(std::max<SCOTCH_Num>(
        1, static_cast<SCOTCH_Num>(std::floor(capacity / *most * 1000 + 0.5))));
  check(SCOTCH_archCmpltw(target, parts, sizes.data()));
}

static std::vector<SCOTCH_Num> map(Arrays arrays, const NodeShares& shares) {
  Context context; // its own random generator: draws of other callers do not change the outcome
  check(SCOTCH_contextOptionSetNum(context.get(), SCOTCH_OPTIONNUMDETERMINISTIC, 1));
  check(SCOTCH_contextRandomClone(context.get()));
  SCOTCH_contextRandomSeed(context.get(), seed);
  SCOTCH_contextRandomReset(context.get());
  check(SCOTCH_contextThreadSpawn(context.get(), 1, nullptr)); // 1: the calling thread, no other

  Graph graph;
  const auto agents = static_cast<SCOTCH_Num>(arrays.loads.size());
  check(SCOTCH_graphBuild(graph.get(), 0, agents, arrays.first.data(), nullptr, arrays.loads.data(),
                          nullptr, static_cast<SCOTCH_Num>(arrays.neighbours.size()),
                          arrays.neighbours.data(), arrays.weights.data()));
  Graph in_context;
  check(SCOTCH_contextBindGraph(context.get(), graph.get(), in_context.get()));

  Strategy strategy;
  check(SCOTCH_stratGraphMapBuild(strategy.get(), SCOTCH_STRATQUALITY | SCOTCH_STRATRECURSIVE,
                                  static_cast<SCOTCH_Num>(shares.nodes.size()), imbalance_wanted));
  Target target;
  describe(target.get(), shares);
  std::vector<SCOTCH_Num> parts(arrays.loads.size());
  check(SCOTCH_graphMap(in_context.get(), target.get(), strategy.get(), parts.data()));
  return parts;
}

Placement partition_graph(const ChannelGraph& graph, const PlacementInput& input) {
  const NodeShares shares(input);
  if (shares.nodes.size() == 1)
    return Placement(graph.agents(), shares.nodes.front());
  Placement placement;
  placement.reserve(graph.agents());
  for (const SCOTCH_Num part : map(arrays_of(graph, AgentLoads(input)), shares))
    placement.push_back(shares.nodes[static_cast<std::size_t>(part)]);
  const RebalanceLimits until_even{.moves_max = graph.agents(), .threshold = imbalance_max};
  for (const Move& move : rebalance(graph, input, placement, until_even))
    placement[move.agent] = move.to;
  fill_empty_nodes(placement, input);
  return placement;
}

} // namespace stos

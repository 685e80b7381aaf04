#include "libstos/cluster/placement/placement.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/cluster/placement/agent_loads.hpp"
#include "libstos/cluster/placement/channel_graph.hpp"
#include "libstos/cluster/placement/companions.hpp"
#include "libstos/cluster/placement/graph_partition.hpp"
#include "libstos/cluster/placement/hilbert_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <queue>
#include <string>

namespace stos {

// The next agent goes to the node that it fills least. With equal capacities that is i mod nodes.
static Placement round_robin(const PlacementInput& input) {
  struct Turn {
    double filled; // with the agent that would come next
    double agents;
    std::size_t k;
    bool operator<(const Turn& b) const { return filled != b.filled ? filled > b.filled : k > b.k; }
  };
  const NodeShares shares(input);
  std::priority_queue<Turn> turns;
  for (std::size_t k = 0; k < shares.nodes.size(); ++k)
    turns.push({1 / shares.capacity[k], 1, k});
  Placement placement;
  for (std::size_t i = 0; i < input.positions.size(); ++i) {
    const Turn turn = turns.top();
    turns.pop();
    placement.push_back(shares.nodes[turn.k]);
    turns.push({(turn.agents + 1) / shares.capacity[turn.k], turn.agents + 1, turn.k});
  }
  fill_empty_nodes(placement, input);
  return placement;
}

static Placement block(const PlacementInput& input) {
  std::vector<std::uint32_t> order(input.positions.size());
  std::iota(order.begin(), order.end(), 0);
  return cut_into_runs(order, input);
}

static Placement cut_curve(const PlacementInput& input) {
  return cut_into_runs(hilbert_order(input.positions, input.space), input);
}

static Placement cut_graph(const PlacementInput& input) {
  const ChannelGraph channels(input.positions.size(), input.channels);
  if (channels.without_edges() || input.positions.size() <= NodeShares(input).nodes.size())
    return cut_curve(input); // nothing to cut, or every agent has a node of its own
  return partition_graph(channels, input);
}

static Placement keep_together(Placement (*function)(const PlacementInput&),
                               const PlacementInput& input) {
  const Companions companions(input);
  return companions.any() ? companions.spread(function(companions.as_agents())) : function(input);
}

static Placement hilbert(const PlacementInput& input) { return keep_together(cut_curve, input); }

static Placement graph(const PlacementInput& input) { return keep_together(cut_graph, input); }

static constexpr std::array<std::string_view, 4> names{"round_robin", "block", "hilbert", "graph"};
static constexpr std::array<Placement (*)(const PlacementInput&), 4> functions{round_robin, block,
                                                                               hilbert, graph};

std::span<const std::string_view> placement_names() { return names; }

Result<PlacementFunction> placement_by_name(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end())
    return PlacementFunction(functions[static_cast<std::size_t>(found - names.begin())]);
  std::string known;
  for (const std::string_view n : names)
    known += (known.empty() ? "" : ", ") + std::string(n);
  return Error{Errc::bad_argument,
               "no placement is called '" + std::string(name) + "'; there are: " + known};
}

static Error bad(std::string context) { return {Errc::bad_argument, std::move(context)}; }

static Result<void> check_count(const char* what, std::size_t count, std::size_t least,
                                std::size_t most) {
  if (count >= least && count <= most)
    return {};
  return bad("placement of " + std::to_string(count) + " " + what + ": wanted " +
             std::to_string(least) + " to " + std::to_string(most));
}

static Result<void> check_capacity(const PlacementInput& input) {
  if (input.capacity.empty())
    return {};
  if (input.capacity.size() != input.nodes)
    return bad("placement on " + std::to_string(input.nodes) + " nodes was given " +
               std::to_string(input.capacity.size()) + " capacities: wanted one for each, or none");
  double total = 0;
  for (const NodeIndex node : input.capacity.indices()) {
    total += input.capacity[node];
    if (!(input.capacity[node] >= 0) || !std::isfinite(total))
      return bad("the capacity of node " + std::to_string(node.number()) + " is " +
                 exact_text(input.capacity[node]) +
                 ": wanted 0 or more, and a finite sum over all nodes");
  }
  if (total == 0)
    return bad("all " + std::to_string(input.nodes) +
               " nodes have capacity 0: no agent has a place");
  return {};
}

static Result<void> check_agents(const PlacementInput& input) {
  const std::size_t agents = input.positions.size();
  if (!input.loads.empty() && input.loads.size() != agents)
    return bad("placement of " + std::to_string(agents) + " agents was given " +
               std::to_string(input.loads.size()) + " loads: wanted one for each, or none");
  for (std::size_t i = 0; i < agents; ++i)
    for (int axis = 0; axis < Point::dimensions; ++axis)
      if (!std::isfinite(input.positions[i][static_cast<std::size_t>(axis)]))
        return bad("coordinate " + std::to_string(axis) + " of agent " + std::to_string(i) +
                   " is not finite");
  for (std::size_t i = 0; i < input.channels.size(); ++i)
    if (const auto& c = input.channels[i]; c.from >= agents || c.to >= agents)
      return bad("channel " + std::to_string(i) + " goes from agent " + std::to_string(c.from) +
                 " to agent " + std::to_string(c.to) + ", but there are only " +
                 std::to_string(agents));
  return {};
}

Result<void> check_placement_input(const PlacementInput& input) {
  if (auto nodes = check_count("nodes", input.nodes, 1, placement_nodes_max); !nodes)
    return nodes;
  if (auto n = check_count("agents", input.positions.size(), 0, placement_agents_max); !n)
    return n;
  if (auto n = check_count("channels", input.channels.size(), 0, placement_channels_max); !n)
    return n;
  if (auto capacity = check_capacity(input); !capacity)
    return capacity;
  return check_agents(input);
}

Result<void> check_placement(std::span<const NodeIndex> placement, const PlacementInput& input) {
  if (placement.size() != input.positions.size())
    return bad("a placement has " + std::to_string(placement.size()) + " nodes for " +
               std::to_string(input.positions.size()) + " agents: wanted one for each");
  for (std::size_t i = 0; i < placement.size(); ++i)
    if (placement[i].number() >= input.nodes)
      return bad("a placement puts agent " + std::to_string(i) + " on node " +
                 std::to_string(placement[i].number()) + ": wanted 0 to " +
                 std::to_string(input.nodes - 1));
  return {};
}

Result<Placement> place(const PlacementFunction& function, const PlacementInput& input) {
  if (auto sound = check_placement_input(input); !sound)
    return sound.error();
  if (!function)
    return bad("placement by an empty function: wanted one that can be called");
  Placement placement = function(input);
  if (auto sound = check_placement(placement, input); !sound)
    return sound.error();
  return placement;
}

TrafficCut measure_cut(const PlacementInput& input, std::span<const NodeIndex> placement) {
  TrafficCut cut;
  for (const auto& channel : input.channels) {
    const bool crosses = placement[channel.from] != placement[channel.to];
    ++cut.channels;
    cut.crossing += crosses ? 1 : 0;
    cut.weight += channel.weight;
    cut.crossing_weight += crosses ? channel.weight : 0;
  }
  const auto loads = AgentLoads(input).by_node(placement, input.nodes);
  const auto [smallest, largest] = std::minmax_element(loads.begin(), loads.end());
  cut.smallest_part = *smallest;
  cut.largest_part = *largest;
  return cut;
}

} // namespace stos

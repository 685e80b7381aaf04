#include "libstos/cluster/placement/agent_loads.hpp"

#include <algorithm>
#include <numeric>

namespace stos {

AgentLoads::AgentLoads(const PlacementInput& input)
    : loads_(input.loads), total_(std::accumulate(loads_.begin(), loads_.end(), std::uint64_t{0})) {
  if (total_ == 0) {
    loads_ = {};
    total_ = input.positions.size();
  }
}

PerNode<std::uint64_t> AgentLoads::by_node(std::span<const NodeIndex> placement,
                                           std::size_t nodes) const {
  PerNode<std::uint64_t> sums(nodes);
  for (std::size_t i = 0; i < placement.size(); ++i)
    sums[placement[i]] += (*this)[i];
  return sums;
}

NodeShares::NodeShares(const PlacementInput& input) {
  for (const NodeIndex node : Indices<NodeIndex>(input.nodes)) {
    const double share = input.capacity.empty() ? 1 : input.capacity[node];
    if (share > 0) {
      nodes.push_back(node);
      capacity.push_back(share);
      total += share;
    }
  }
}

PerNode<double> fair_loads(const PlacementInput& input, std::uint64_t total) {
  const NodeShares shares(input);
  PerNode<double> fair(input.nodes);
  for (std::size_t k = 0; k < shares.nodes.size(); ++k)
    fair[shares.nodes[k]] = static_cast<double>(total) * (shares.capacity[k] / shares.total);
  return fair;
}

// For each run the index in `order` where it begins, and at last the size of `order`.
static std::vector<std::size_t> beginnings_of_runs(std::span<const std::uint32_t> order,
                                                   const AgentLoads& loads,
                                                   const NodeShares& shares) {
  const std::size_t runs = shares.nodes.size();
  std::vector<std::size_t> beginnings(runs + 1, order.size());
  beginnings[0] = 0;
  std::uint64_t before = 0; // the load of all agents ahead of i
  double capacity = 0;      // of all nodes ahead of the run that comes next
  std::size_t i = 0;
  for (std::size_t run = 1; run < runs; ++run) {
    capacity += shares.capacity[run - 1];
    const double end = static_cast<double>(loads.total()) * (capacity / shares.total);
    const auto middle = [&] {
      return static_cast<double>(before) + static_cast<double>(loads[order[i]]) / 2;
    };
    // At least one agent for the run that ends here, and for each of those to come.
    while (i < order.size() - (runs - run) && (i == beginnings[run - 1] || middle() < end))
      before += loads[order[i++]];
    beginnings[run] = i;
  }
  return beginnings;
}

Placement cut_into_runs(std::span<const std::uint32_t> order, const PlacementInput& input) {
  const NodeShares shares(input);
  Placement placement(order.size());
  if (order.size() <= shares.nodes.size()) {
    for (std::size_t i = 0; i < order.size(); ++i)
      placement[order[i]] = shares.nodes[i];
    return placement;
  }
  const auto beginnings = beginnings_of_runs(order, AgentLoads(input), shares);
  for (std::size_t run = 0; run < shares.nodes.size(); ++run)
    for (std::size_t i = beginnings[run]; i < beginnings[run + 1]; ++i)
      placement[order[i]] = shares.nodes[run];
  return placement;
}

void fill_empty_nodes(Placement& placement, const PlacementInput& input) {
  PerNode<std::size_t> agents(input.nodes);
  for (const NodeIndex node : placement)
    ++agents[node];
  for (const NodeIndex empty : NodeShares(input).nodes) {
    if (agents[empty] > 0)
      continue;
    const auto most = std::max_element(agents.begin(), agents.end());
    if (*most < 2)
      return;
    const NodeIndex donor(static_cast<std::size_t>(most - agents.begin()));
    *std::find(placement.rbegin(), placement.rend(), donor) = empty;
    --*most;
    ++agents[empty];
  }
}

} // namespace stos

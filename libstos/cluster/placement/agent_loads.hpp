#pragma once

#include "libstos/cluster/placement/placement.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace stos {

/// The work of each agent as strategies count it: 1 for each, if the input says nothing, or says
/// that no agent has any. Borrows the input.
class AgentLoads {
public:
  explicit AgentLoads(const PlacementInput& input);

  std::uint32_t operator[](std::size_t agent) const { return loads_.empty() ? 1 : loads_[agent]; }

  [[nodiscard]] std::uint64_t total() const { return total_; }

  /// The load of each node under `placement`.
  [[nodiscard]] PerNode<std::uint64_t> by_node(std::span<const NodeIndex> placement,
                                               std::size_t nodes) const;

private:
  std::span<const std::uint32_t> loads_;
  std::uint64_t total_ = 0;
};

/// The nodes that may get agents, and how much.
struct NodeShares {
  explicit NodeShares(const PlacementInput& input);

  std::vector<NodeIndex> nodes; ///< those with a capacity, ascending
  std::vector<double> capacity; ///< of those
  double total = 0;             ///< of all capacities
};

/// The load that each node would have, if loads were a liquid; 0 for a node without a capacity.
[[nodiscard]] PerNode<double> fair_loads(const PlacementInput& input, std::uint64_t total);

/// Cuts the sequence `order` of all agents into one run for each node with a capacity, nodes
/// ascending: an agent goes to the node in whose fair share of the load its middle lies. So a load
/// exceeds the fair one by less than that of one agent, unless a run would be empty: each gets at
/// least one agent while there are enough.
[[nodiscard]] Placement cut_into_runs(std::span<const std::uint32_t> order,
                                      const PlacementInput& input);

/// Gives each node with a capacity that has no agent one of the node that has most, the last one
/// there, until all have one or there are fewer agents than such nodes.
void fill_empty_nodes(Placement& placement, const PlacementInput& input);

} // namespace stos

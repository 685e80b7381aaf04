#pragma once

#include "libstos/cluster/placement/channel_graph.hpp"
#include "libstos/cluster/placement/placement.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos {

/// One agent goes from node to node.
struct Move {
  std::uint32_t agent = 0; ///< index in PlacementInput::positions
  NodeIndex from = {}, to = {};

  friend bool operator==(const Move&, const Move&) = default;
};

struct RebalanceLimits {
  std::size_t moves_max = 1'000; ///< the budget
  double threshold = 0.1;        ///< nothing moves while no load exceeds the fair one by more than
                                 ///< this share of it
};

/// A few moves that make loads more even, in the order in which they are worth making: the first k
/// of them are what a budget of k would have given. `input.loads` are the measured loads,
/// `input.channels` the measured traffic; positions count by their number only.
///
/// Nodes with more than their fair load send, those with less receive; each agent moves at most
/// once. It is always the node that exceeds its fair load most which sends next, and of its agents
/// the one that costs least: (traffic with where it is + c) / (traffic with where it goes + c),
/// with half the mean traffic of an agent for c, for each unit of load that it takes from where
/// there is too much to where there is room. So agents at a border go first and those next to them
/// follow, and heavy ones are preferred to many light ones. An agent goes where it does
/// not push the load over the threshold; only where none of them can, one makes its receiver too
/// full, but never as full as its sender was.
///
/// Once a load exceeds the threshold, moves go on until no sender exceeds half of it, so that
/// the next call has nothing to do. They end earlier when single agents are too heavy, or when no
/// agent of an overloaded node has any load.
///
/// O(n log n + moves (nodes + log n)) for bounded degrees, besides building the graph.
/// @pre `check_placement_input(input)` and `check_placement(current, input)` find nothing wrong;
///      the threshold is at least 0
/// Source: after the gains of C. M. Fiduccia and R. M. Mattheyses, "A linear-time heuristic for
/// improving network partitions", DAC 1982, with a priority queue for several parts.
[[nodiscard]] std::vector<Move> rebalance(const PlacementInput& input,
                                          std::span<const NodeIndex> current,
                                          const RebalanceLimits& limits);

/// The same for a caller that has the graph of `input.channels` at hand.
[[nodiscard]] std::vector<Move> rebalance(const ChannelGraph& graph, const PlacementInput& input,
                                          std::span<const NodeIndex> current,
                                          const RebalanceLimits& limits);

} // namespace stos

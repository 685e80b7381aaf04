#pragma once

#include "libstos/cluster/placement/placement.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace stos {

/// Who exchanges how much with whom: the channels without their direction. The weights of all
/// channels between two agents are added; those of an agent to itself and those of weight 0 are
/// left out. Neighbours are in ascending order, so equal channels in any order make equal graphs.
class ChannelGraph {
public:
  struct Edge {
    std::uint32_t to = 0;
    std::uint64_t weight = 0;
  };

  /// @pre all channels are between agents below `agents`
  ChannelGraph(std::size_t agents, std::span<const PlacementInput::Link> channels);

  [[nodiscard]] std::size_t agents() const { return first_.size() - 1; }
  [[nodiscard]] bool without_edges() const { return edges_.empty(); }

  [[nodiscard]] std::span<const Edge> edges(std::size_t agent) const {
    return {edges_.data() + first_[agent], edges_.data() + first_[agent + 1]};
  }

  /// All edges of agent 0, then all of agent 1, ...: each edge stands there from both of its ends.
  [[nodiscard]] std::span<const Edge> all_edges() const { return edges_; }

  [[nodiscard]] std::uint64_t total_weight() const; ///< of `all_edges()`

private:
  void add_both_ways(std::span<const PlacementInput::Link> channels);
  void merge_parallel();

  std::vector<std::size_t> first_; // of each agent's edges, and the end
  std::vector<Edge> edges_;
};

} // namespace stos

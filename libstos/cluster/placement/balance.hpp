#pragma once

#include "libstos/cluster/placement/rebalance.hpp"
#include "libstos/cluster/placement/weights.hpp"
#include "libstos/cluster/stop/moves.hpp"
#include "libstos/options/cluster_options.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace stos {

/// Moves that lower the traffic between nodes, and keep each load within `limits.threshold` of the
/// fair one where it is so now. Each move is the one that lowers it most then; each agent moves at
/// most once. None, if all together lower it by less than a tenth: that would not be worth a stop.
///
/// O((n + moves) log n) for bounded degrees.
/// @pre as rebalance()
/// Source: the gains of B. W. Kernighan and S. Lin, "An efficient heuristic procedure for
/// partitioning graphs", Bell System Technical Journal 49 (1970), taken one by one while they are
/// positive.
[[nodiscard]] std::vector<Move> lower_traffic(const ChannelGraph& graph,
                                              const PlacementInput& input,
                                              std::span<const NodeIndex> current,
                                              const RebalanceLimits& limits);

/// The same parts under other numbers: those with which most of the load stays where it is.
[[nodiscard]] Placement relabelled(const Placement& fresh, std::span<const NodeIndex> current,
                                   std::span<const std::uint32_t> loads, std::size_t nodes);

/// What is to be done about how much the nodes of a cluster have to do, and to tell each other.
struct BalanceAdvice {
  /// How the world stands, by what was measured.
  struct State {
    double busiest = 1;  ///< the greatest load, in units of the fair one
    double crossing = 0; ///< share of the lambdas that go from node to node
  };
  std::vector<AgentMove> moves;
  State before, after;
};

/// Decides which agents are to move between nodes: by the time that a node has spent on its agents
/// for load, which is divided among them by their events, and by what they have sent for traffic.
///
///   diffusion    rebalance(), so that loads are even, then lower_traffic()
///   repartition  likewise; but where a fresh partition of the graph of traffic would be a good
///   deal
///                better than that, all agents go where it wants them, as few of them as may be
///
/// At most moves_max() agents move at once. What nodes know nothing of yet, as the agent has just
/// come, is taken to be as it was before. So where nothing changes, nothing moves any more.
///
/// Memory:  what those weighed that have moved last.
/// Threads: none inside.
class Balancer {
public:
  explicit Balancer(BalanceName rule) : rule_(rule) {}

  /// What all nodes have weighed at one stop; the first time they know nothing.
  [[nodiscard]] BalanceAdvice advise(PerNode<NodeWeights> weights);

  /// A tenth of all agents that do something, but at least 200, and at most 20,000: what takes well
  /// under a second.
  [[nodiscard]] static std::size_t moves_max(std::size_t agents);

private:
  /// What an agent has weighed.
  struct Known {
    std::uint32_t events = 0;
    std::vector<NodeWeights::Traffic> traffic;
  };
  void add_known(NodeWeights& weights) const;
  void remember(const std::vector<AgentMove>& moves, const PerNode<NodeWeights>& weights);

  BalanceName rule_;
  std::unordered_map<std::uint64_t, Known> known_; // of those that have moved last, by id
};

/// For the log: "120 agents move: load 1.80 of the fair one to 1.05, 12.0 % of the lambdas between
/// nodes to 9.1 %".
[[nodiscard]] std::string to_string(const BalanceAdvice& advice);

} // namespace stos

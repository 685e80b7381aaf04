#pragma once

#include "libstos/cluster/placement/balance.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace stos::detail {

/// On the first node of a run: has the nodes weighed from time to time, and says which agents are
/// to move then (see Balancer). It thinks in a thread of its own, beside the run.
///
/// The pause until the next weighing doubles, up to sixteen times what it is at first, as long as
/// there is nothing to do; and it is at least fifty times as long as the thinking took.
///
/// Threads: `advised` is called by its own thread; all else by the run's actor.
class BalanceDesk {
public:
  BalanceDesk(BalanceName rule, double every_s, std::size_t nodes, std::function<void()> advised)
      : balancer_(rule), every_s_(every_s), pause_s_(every_s), weights_(nodes),
        advised_(std::move(advised)) {}
  ~BalanceDesk();
  BalanceDesk(const BalanceDesk&) = delete;
  BalanceDesk& operator=(const BalanceDesk&) = delete;

  /// Wall-clock seconds until the nodes are to be weighed again.
  [[nodiscard]] double pause_s() const { return pause_s_; }

  /// What a node has weighed. Once all have, at the same stop, it begins to think.
  void hear(NodeIndex node, NodeWeights weights);

  /// What has come of it, after `advised`: without agents that were found unable to move.
  [[nodiscard]] BalanceAdvice take_advice();

  /// What has become of the moves. Returns why some could not be made, the first time.
  [[nodiscard]] std::optional<std::string> hear(const std::vector<MoveOutcome>& outcomes);

private:
  Balancer balancer_; // of the thread, while there is one
  const double every_s_;
  double pause_s_;
  PerNode<std::optional<NodeWeights>> weights_;
  std::function<void()> advised_;
  std::set<AgentId> immovable_;
  std::thread thinking_;

  std::mutex mutex_;
  BalanceAdvice advice_;
  double thought_for_s_ = 0;
};

} // namespace stos::detail

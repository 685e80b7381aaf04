#pragma once

#include "libstos/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

namespace stos::detail {

/// Which nodes want to know when agents end that are here. The watchers of an agent go along with
/// it: the node that it leaves takes them out, and tells the node that it comes to.
///
/// Threads: none inside.
class Watchers {
public:
  void add(AgentId agent, NodeIndex node) { nodes_[agent.value].insert(node); }

  /// Those of the agent, which ends or leaves.
  [[nodiscard]] std::set<NodeIndex> take(AgentId agent) {
    auto taken = nodes_.extract(agent.value);
    return taken.empty() ? std::set<NodeIndex>() : std::move(taken.mapped());
  }

  /// Agents that are watched.
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

private:
  std::unordered_map<std::uint64_t, std::set<NodeIndex>> nodes_;
};

} // namespace stos::detail

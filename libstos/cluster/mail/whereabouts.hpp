#pragma once

#include "libstos/cluster/placement/placement.hpp"
#include "libstos/world/agent_directory.hpp"
#include "libstos/world/places_of_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace stos::detail {

/// Where one node sends mail for an agent, which may move between nodes at stops.
///
/// Each node remembers which agents have left it, and where for, and which have come: so mail that
/// follows an agent from its home, the node where it was placed or born, from node to node comes to
/// where it is, or has ended.
///
/// During a stop agents are on their way, and nothing here is to be asked.
/// Threads: none inside, but that of the directory.
class Whereabouts {
public:
  /// At most one of them is there. Neither: the agent has ended, or there was never one of that id.
  struct Route {
    std::optional<DomainIndex> domain; ///< it is here
    std::optional<NodeIndex> node;     ///< that one knows more

    friend bool operator==(const Route&, const Route&) = default;
  };

  /// `placed` are the agents that the run begins with, `node_of` their nodes, in the same order;
  /// `directory` has those that are here. All outlive this.
  Whereabouts(const PlacesOfIds& placed, const Placement& node_of, NodeIndex own_node,
              const AgentDirectory& directory)
      : placed_(placed), node_of_(node_of), own_node_(own_node), directory_(directory) {}

  [[nodiscard]] Route find(AgentId agent) const;

  /// The agent is here, or was and has gone: so this node, and no other one, answers for it.
  [[nodiscard]] bool answers_for(AgentId agent) const {
    return gone_to_.contains(agent.value) || directory_.domain_of(agent).has_value();
  }

  /// At a stop.
  void leaves(AgentId agent, NodeIndex node) {
    gone_to_[agent.value] = node;
    came_.erase(agent.value);
  }
  void comes(AgentId agent) {
    gone_to_.erase(agent.value);
    came_.insert(agent.value);
  }

private:
  const PlacesOfIds& placed_;
  const Placement& node_of_;
  const NodeIndex own_node_;
  const AgentDirectory& directory_;
  std::unordered_map<std::uint64_t, NodeIndex> gone_to_;
  std::unordered_set<std::uint64_t> came_; // and have not left
};

} // namespace stos::detail

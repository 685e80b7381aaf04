#pragma once

#include "actors/agents/agent_actor.hpp"
#include "actors/agents/citizens.hpp"
#include "actors/cluster_node.hpp"
#include "actors/run/move_desk.hpp"
#include "actors/status/status_desk.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "libstos/engine/engine.hpp"

namespace stos::detail {

/// What reaches a run from outside.
struct WaysIn {
  OutsideDoorPtr door = caf::make_counted<OutsideDoor>();
  std::shared_ptr<AgentNames> names = std::make_shared<AgentNames>();
  std::shared_ptr<MoveDesk> desk = std::make_shared<MoveDesk>();
};

/// Runs `world`, of which all nodes of the cluster have made the same, together with them: this
/// node takes the agents that `placement` gives it. Returns the summary of the whole run, which is
/// the same on all nodes; the first of them writes the trace of all.
///
/// Throws SimulationError if the model fails, UsageError if the nodes do not agree on the set-up or
/// one of them is lost.
///
/// It can be watched at `exported` (null: nowhere) and through the node, once all have come.
RunSummary run_on_cluster(World& world, ClusterNode& node, std::uint32_t workers,
                          const WaysIn& ways_in, const PlacementFunction& placement,
                          std::shared_ptr<StatusDesk> exported);

} // namespace stos::detail

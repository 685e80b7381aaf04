#include "libstos/service/keyed/node.hpp"

// What can be seen of a node from outside.

namespace stos::keyed {

const AgentGroup* Node::agents(raft::GroupId group) const {
  const auto at = hosted_.find(group);
  return at == hosted_.end() ? nullptr : at->second.agents;
}

bool Node::leads(raft::GroupId group) const {
  const raft::Fsm* const fsm = groups_.find(group);
  return fsm != nullptr && fsm->leads();
}

void Node::show(HostingStatus& status) const {
  status.nodes = table_->nodes().size();
  status.groups_settled = status.groups_moving = 0;
  for (const auto& [id, group] : table_->groups()) {
    const bool moves = table_->transfer_of(id) != nullptr ||
                       raft::in_order(group.placed) != raft::in_order(group.replicas);
    ++(moves ? status.groups_moving : status.groups_settled);
  }
  status.leads = status.follows = status.leaderless = status.agents = status.kept = 0;
  for (const auto& [id, hosted] : hosted_) {
    const raft::Fsm& fsm = *groups_.find(id);
    ++(fsm.leads() ? status.leads : fsm.leader() ? status.follows : status.leaderless);
    if (!fsm.leads() || hosted.agents == nullptr)
      continue;
    status.agents += hosted.agents->agents();
    status.kept += hosted.agents->prepared_agents();
  }
  status.leader_changes = leader_changes_;
  status.splits = splits_;
  status.merges = merges_;
}

std::vector<std::pair<std::string, QuotaUsage>> Node::fullest_quotas(std::size_t count) const {
  const auto at = hosted_.find(GroupTable::quota_group);
  if (at == hosted_.end() || !leads(GroupTable::quota_group))
    return {};
  const auto* const quotas = dynamic_cast<const Quotas*>(&at->second.replica->machine());
  return quotas == nullptr ? std::vector<std::pair<std::string, QuotaUsage>>{}
                           : quotas->fullest(count, now_);
}

} // namespace stos::keyed

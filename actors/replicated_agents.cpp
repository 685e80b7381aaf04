#include "actors/replicated_agents.hpp"

#include "actors/cluster_node.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "actors/service/agent_host.hpp"
#include "actors/status/status_desk.hpp"
#include "config/program.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/code/serialise.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace stos {

using keyed::Answer;
using keyed::Ask;
using keyed::GroupTable;
using keyed::Outcome;
using keyed::Quotas;

/// The actor system of a host that is no node.
struct ReplicatedAgents::Alone {
  struct Config : caf::actor_system_config {
    Config() {
      init_caf_types();
      set("caf.scheduler.max-threads", std::size_t{2});
    }
  };
  Config config;
  caf::actor_system system{config};
};

namespace {

keyed::Time now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count())};
}

/// The answer, with these words as the reply if it is done.
template <class Reply>
keyed::Replied<Reply> with_reply(Answer answer, const Reply& reply) {
  if (answer.outcome == Outcome::done) {
    BytesWriter out;
    save(out, reply);
    answer.reply = out.take();
  }
  return keyed::Replied<Reply>(std::move(answer));
}

} // namespace

ReplicatedAgents::ReplicatedAgents(keyed::AgentTypes types)
    : ReplicatedAgents(std::move(types), detail::options_of_process()) {}

ReplicatedAgents::ReplicatedAgents(keyed::AgentTypes types, const RunOptions& options) {
  ClusterNode* const node =
      options.distributed
          ? &ClusterNode::of_process(options, std::max(options.workers.value_or(1), 1u))
          : nullptr;
  begin(std::move(types), options.agents, node, options.cluster.node.value_or("alone"),
        options.monitoring);
}

ReplicatedAgents::ReplicatedAgents(keyed::AgentTypes types, ClusterNode& node,
                                   const AgentsOptions& options) {
  begin(std::move(types), options, &node, {}, {});
}

void ReplicatedAgents::begin(keyed::AgentTypes types, const AgentsOptions& options,
                             ClusterNode* node, const std::string& name,
                             const MonitoringOptions& monitoring) {
  detail::HostSetUp set_up;
  set_up.types = std::make_shared<const keyed::AgentTypes>(std::move(types));
  set_up.options = options;
  set_up.door = door_;
  node_ = node;
  desk_ = detail::exported_desk(monitoring);
  std::string own_name = name;
  if (node != nullptr && (!options.folder.empty() || desk_ != nullptr)) {
    const ClusterNode::Roster roster = node->wait_for_view();
    own_name = roster.names[roster.own_index];
  }
  if (!options.folder.empty()) {
    Result<detail::AgentDisk> disk = detail::AgentDisk::open(options.folder + "/" + own_name);
    if (!disk)
      throw UsageError(disk.error());
    set_up.disk = std::make_shared<detail::AgentDisk>(*std::move(disk));
  }
  if (node != nullptr) {
    system_ = &node->system();
    host_ = node->host_agents(std::move(set_up));
  } else {
    alone_ = std::make_unique<Alone>();
    system_ = &alone_->system;
    host_ = system_->spawn<detail::AgentHost, caf::detached + caf::hidden>(std::move(set_up));
  }
  if (desk_ != nullptr)
    desk_->add(door_, own_name);
  if (desk_ != nullptr && node != nullptr)
    desk_->add(*node);
}

ReplicatedAgents::~ReplicatedAgents() {
  if (desk_ != nullptr)
    desk_->remove(*door_);
  if (desk_ != nullptr && node_ != nullptr)
    desk_->remove(*node_);
  caf::anon_send(host_, detail::EndMessage{});
  caf::scoped_actor self(*system_);
  self->wait_for(host_);
  host_ = nullptr;
}

Result<void> ReplicatedAgents::settle(keyed::Participant& participant) const {
  Result<void> result;
  for (const keyed::TransactionId& transaction : participant.in_doubt()) {
    const Result<bool> committed = detail::is_committed(*door_, transaction, patience_);
    const Result<void> told =
        committed ? detail::tell(*door_, participant, transaction, *committed, patience_)
                  : Result<void>(committed.error());
    if (!told && result)
      result = told;
  }
  return result;
}

Answer ReplicatedAgents::ask_quotas(Ask::Kind kind, std::vector<std::byte> body) {
  return door_->wait(detail::HostDoor::Question{GroupTable::quota_group, kind, std::move(body)},
                     patience_);
}

keyed::Replied<keyed::Nothing> ReplicatedAgents::put_quota(const std::string& quota,
                                                           std::uint64_t limit) {
  return with_reply(ask_quotas(Ask::Kind::item, Quotas::put_item(quota, limit)), keyed::Nothing{});
}

keyed::Replied<keyed::Nothing> ReplicatedAgents::delete_quota(const std::string& quota) {
  return with_reply(ask_quotas(Ask::Kind::item, Quotas::delete_item(quota)), keyed::Nothing{});
}

keyed::Replied<keyed::QuotaUsage> ReplicatedAgents::quota_usage(const std::string& quota) {
  Answer answer = ask_quotas(Ask::Kind::question, Quotas::usage_query(quota, now()));
  const std::optional<keyed::QuotaUsage> usage = Quotas::usage_of(answer);
  return with_reply(std::move(answer), usage.value_or(keyed::QuotaUsage{}));
}

keyed::Replied<std::vector<std::string>> ReplicatedAgents::quotas() {
  Answer answer = ask_quotas(Ask::Kind::question, Quotas::list_query());
  const std::vector<std::string> names = Quotas::names_of(answer);
  return with_reply(std::move(answer), names);
}

} // namespace stos

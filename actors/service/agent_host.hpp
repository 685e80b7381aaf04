#pragma once

#include "actors/messages/service_messages.hpp"
#include "actors/service/agent_disk.hpp"
#include "actors/service/effect_threads.hpp"
#include "actors/service/host_door.hpp"
#include "libstos/cluster/view/view.hpp"
#include "libstos/options/agents_options.hpp"
#include "libstos/service/keyed/founding.hpp"
#include "libstos/service/keyed/node.hpp"
#include "libstos/service/keyed/watches.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace stos::detail {

struct NodeView;
struct RunCommand;

/// What a host of replicated agents has to work with.
struct HostSetUp {
  std::shared_ptr<const keyed::AgentTypes> types;
  AgentsOptions options;
  std::shared_ptr<HostDoor> door;
  std::shared_ptr<AgentDisk> disk; ///< null: in memory
  std::shared_ptr<NodeView> view;  ///< with a view in it; null: there are no other nodes
  caf::actor node;                 ///< brings announcements to other nodes
  double stop_timeout_s = 0;       ///< for so long it waits for other hosts at the end
};

/// Hosts replicated agents in one process: an adapter between CAF, a disk and keyed::Node.
///
/// It needs a thread of its own (it waits for its disk, and calls users' pure callbacks; those with
/// side effects run on others). What comes
/// while it is at work is done together, so that many commands are one write.
///
/// Its hosts are known by ids that no other process has, unless it has found the same replicas on
/// its disk. Which actor has which id is announced by way of the nodes' actors, whose senders are
/// known; hosts then speak to each other directly.
///
/// Errors: if the disk fails, or a callback has no memory, this host ends: it answers no_leader.
class AgentHost final : public caf::event_based_actor {
public:
  AgentHost(caf::actor_config& config, HostSetUp set_up);

  caf::behavior make_behavior() override;
  const char* name() const override { return "stos.agent_host"; }
  void on_exit() override;

private:
  using Clock = std::chrono::steady_clock;
  /// A caller that waits for an answer.
  struct Waiting {
    HostDoor::Then then;
    keyed::CallsStatus* calls = nullptr; ///< where it counts; null: nowhere
    Clock::time_point since;
  };
  struct Host {
    caf::actor actor;
    raft::NodeId member;
  };

  [[nodiscard]] caf::response_promise serve(const RunCommand& command);
  [[nodiscard]] std::string name_of(raft::NodeId host) const;
  void start();
  void begin();
  [[nodiscard]] keyed::NodeOptions node_options() const;
  void catch_up();
  void tick();
  void work();
  void work_soon();
  void take_wishes();
  void take(HostDoor::Wish wish);
  void finish(const Waiting& waiting, keyed::Answer answer);
  void show();
  void expire_early();
  void carry_out(raft::GroupId group, keyed::Effect effect);
  void look_at_effects();
  [[nodiscard]] bool persist(std::vector<keyed::Node::Change> changes);
  void transmit(std::vector<keyed::Node::Message>& messages);
  void hear(const HostMessage& message);
  void fail(const std::string& why);
  void end_if_over();

  // other hosts
  void look_at_view();
  void hear_announcement(raft::NodeId member, const HostAnnouncement& announcement);
  void announce();
  void remove_absent();

  // who watches agents
  void watch(const HostWatch& order);
  void look_after_watches();

  HostSetUp set_up_;
  raft::NodeId self_;
  std::optional<keyed::Founding> founding_; ///< if there are other nodes
  std::unique_ptr<keyed::Node> core_;       ///< once it has begun
  std::optional<std::string> failure_;
  Clock::time_point last_tick_ = Clock::now();
  std::uint64_t ticks_ = 0;
  bool works_soon_ = false;
  std::vector<HostDoor::Wish> early_; ///< before there is a core
  std::unordered_map<std::uint64_t, Waiting> waits_;
  keyed::HostingStatus status_;
  EffectThreads effects_;
  std::set<raft::GroupId> busy_; ///< have effects that are not done yet, as far as is known

  View view_;           ///< epoch 0: none yet
  raft::NodeId member_; ///< of this host, in the view
  std::map<raft::NodeId, Host> hosts_;
  std::map<caf::actor_addr, raft::NodeId> speakers_;
  std::map<raft::NodeId, std::string> names_; ///< of the nodes of hosts, also of gone ones
  std::map<raft::NodeId, Clock::time_point> absent_since_; ///< those in the table
  keyed::Founding::Word announced_;

  keyed::Watches watches_;
  std::map<caf::actor_addr, keyed::Watches::Watcher> watchers_;
  keyed::Watches::Watcher last_watcher_ = 0;
  std::optional<Clock::time_point> ends_at_; ///< at the latest
};

} // namespace stos::detail

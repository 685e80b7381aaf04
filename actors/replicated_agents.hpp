#pragma once

#include "actors/agent_transaction.hpp"
#include "actors/service/host_door.hpp"
#include "libstos/options/run_options.hpp"
#include "libstos/service/keyed/agent_types.hpp"
#include "libstos/service/keyed/calls.hpp"
#include "libstos/service/keyed/quotas.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stos {

class ClusterNode;

namespace detail {
class StatusDesk;
}

/// Agents whose state is kept on several nodes, by name: this process hosts its share of them, and
/// reaches all of them, for as long as the object lives.
///
/// What agents are is said by their classes (libstos/service/keyed/agent_types.hpp), which are the
/// same on all nodes:
/// @code
///   keyed::AgentTypes types;
///   types.add<Account>();
///   ReplicatedAgents agents(std::move(types));
///   agents.put_quota("bank", 1'000);
///   if (const auto balance = agents.command<Account>("bank", "alice", Deposit{100}))
///     std::cout << *balance;
///   else
///     std::cout << balance.error();
/// @endcode
///
/// With `distributed: true`, all nodes of the cluster have to make one: agents can be reached when
/// all nodes of a view have. A process that is no node has all agents for itself. The keys
/// `agents.*` say how many replicas there are, and where they are kept.
///
/// Where all nodes end at about the same time, each is there for the others until the last one is
/// done: the destructor waits for that, `cluster.stop_timeout` at most.
///
/// A command is done once, however often it had to be sent, at one moment between the call and its
/// return; a query sees all that was answered before it. What comes back is the reply, or why there
/// is none (keyed::Outcome); nothing waits for longer than `patience`. After `timeout` alone it is
/// open whether a command was done.
///
/// Threads: all functions may be called from any thread, also from an agent's callback with side
///          effects; but those that wait not from a pure callback, and the destructor, which waits
///          for callbacks, from none. Futures do not wait; replicated_agent_handle.hpp makes
///          CAF actors of agents.
/// Errors:  the constructor throws UsageError: what ClusterNode throws; io_error or bad_config if
///          the folder cannot be used; not_supported if this process has been a host before.
class ReplicatedAgents {
public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds default_patience{10'000};

  /// Options are those of the process: of run_main(), or of its environment.
  explicit ReplicatedAgents(keyed::AgentTypes types);
  ReplicatedAgents(keyed::AgentTypes types, const RunOptions& options);
  /// In an application that is a node of a cluster by itself.
  ReplicatedAgents(keyed::AgentTypes types, ClusterNode& node, const AgentsOptions& options = {});
  ~ReplicatedAgents();
  ReplicatedAgents(const ReplicatedAgents&) = delete;
  ReplicatedAgents& operator=(const ReplicatedAgents&) = delete;

  /// How long calls take at most that say nothing else.
  void set_patience(Milliseconds patience) { patience_ = patience; }
  [[nodiscard]] Milliseconds patience() const { return patience_; }

  /// For agent_handle(), and the actor system where it lives.
  [[nodiscard]] const caf::actor& host() const { return host_; }
  [[nodiscard]] caf::actor_system& system() const { return *system_; }
  /// Null, if this process is no node.
  [[nodiscard]] ClusterNode* node() const { return node_; }

  // ---- agents
  // ------------------------------------------------------------------------------------

  /// Tells the agent of class A with this key, which begins to be if it is not there, and waits.
  template <class A, class C>
  [[nodiscard]] keyed::RepliedTo<A, C> command(std::string quota, std::string key,
                                               const C& command) {
    return keyed::RepliedTo<A, C>(
        door_->wait(keyed::command_call<A>(std::move(quota), std::move(key), command), patience_));
  }

  /// Asks it, and waits. With Read::stale, what is answered may be out of date, by as much as a
  /// replica lags behind, but needs no leader and no majority of nodes; it does not count as use of
  /// an agent that goes when it is idle, and no callback is called after it.
  template <class A, class Q>
  [[nodiscard]] keyed::Replied<keyed::QueryReply<A, Q>>
  query(std::string quota, std::string key, const Q& query,
        keyed::Read read = keyed::Read::latest) {
    return keyed::Replied<keyed::QueryReply<A, Q>>(door_->wait(
        keyed::query_call<A>(std::move(quota), std::move(key), query, read), patience_));
  }

  /// The same, without waiting.
  template <class A, class C>
  [[nodiscard]] std::future<keyed::RepliedTo<A, C>>
  command_future(std::string quota, std::string key, const C& command) {
    return future_of<keyed::RepliedTo<A, C>>(
        keyed::command_call<A>(std::move(quota), std::move(key), command));
  }
  template <class A, class Q>
  [[nodiscard]] std::future<keyed::Replied<keyed::QueryReply<A, Q>>>
  query_future(std::string quota, std::string key, const Q& query,
               keyed::Read read = keyed::Read::latest) {
    return future_of<keyed::Replied<keyed::QueryReply<A, Q>>>(
        keyed::query_call<A>(std::move(quota), std::move(key), query, read));
  }

  /// Any call, as command_call() and query_call() make them. `then` gets the answer on a thread of
  /// this process that must not wait.
  void call(keyed::Call call, std::function<void(keyed::Answer)> then) const {
    door_->ask(std::move(call), patience_, std::move(then));
  }

  // ---- transactions
  // ------------------------------------------------------------------------------

  /// To be filled with commands and queries, for any agents, and then committed.
  [[nodiscard]] AgentTransaction transaction() const { return {door_, patience_}; }

  /// Tells a participant how all transactions have ended that it is in doubt about: when its
  /// process begins anew, or when a commitment has failed. Those that are under way are aborted.
  /// Fails with the first error, and goes on with the others all the same.
  [[nodiscard]] Result<void> settle(keyed::Participant& participant) const;

  // ---- quotas
  // ------------------------------------------------------------------------------------

  /// There may be about so many agents of this quota. Without one, none begins to be.
  [[nodiscard]] keyed::Replied<keyed::Nothing> put_quota(const std::string& quota,
                                                         std::uint64_t limit);
  /// Its agents go with it, in about a minute.
  [[nodiscard]] keyed::Replied<keyed::Nothing> delete_quota(const std::string& quota);
  /// Fails with quota_not_found.
  [[nodiscard]] keyed::Replied<keyed::QuotaUsage> quota_usage(const std::string& quota);
  [[nodiscard]] keyed::Replied<std::vector<std::string>> quotas();

private:
  struct Alone;

  void begin(keyed::AgentTypes types, const AgentsOptions& options, ClusterNode* node,
             const std::string& name, const MonitoringOptions& monitoring);
  template <class Reply>
  [[nodiscard]] std::future<Reply> future_of(keyed::Call call) {
    const auto promise = std::make_shared<std::promise<Reply>>();
    std::future<Reply> future = promise->get_future();
    door_->ask(std::move(call), patience_,
               [promise](keyed::Answer answer) { promise->set_value(Reply(std::move(answer))); });
    return future;
  }
  [[nodiscard]] keyed::Answer ask_quotas(keyed::Ask::Kind kind, std::vector<std::byte> body);

  std::unique_ptr<Alone> alone_; ///< an actor system, if this process is no node
  caf::actor_system* system_ = nullptr;
  ClusterNode* node_ = nullptr;
  caf::actor host_;
  std::shared_ptr<detail::HostDoor> door_ = std::make_shared<detail::HostDoor>();
  std::shared_ptr<detail::StatusDesk> desk_; ///< where it is watched; null: nowhere
  Milliseconds patience_ = default_patience;
};

} // namespace stos

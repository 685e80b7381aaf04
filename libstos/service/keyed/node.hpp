#pragma once

#include "libstos/raft/groups.hpp"
#include "libstos/service/keyed/agent_group.hpp"
#include "libstos/service/keyed/caller.hpp"
#include "libstos/service/keyed/committer.hpp"
#include "libstos/service/keyed/group_table.hpp"
#include "libstos/service/keyed/hosting_status.hpp"
#include "libstos/service/keyed/quotas.hpp"
#include "libstos/service/keyed/rate_limiter.hpp"
#include "libstos/service/keyed/replica.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::keyed {

/// Units: milliseconds; ticks of raft are as long as the time between two calls of Node::tick().
struct NodeOptions {
  raft::NodeId self;
  std::uint64_t life = 1; ///< another one each time the node starts
  std::uint64_t seed = 1; ///< another one on each node
  std::string zone;       ///< replicas of a group are put in different ones, where there are some

  /// The nodes that begin the cluster. A node that is not among them gets everything from these.
  std::vector<raft::NodeId> founders;

  raft::Options raft;
  AgentGroupOptions agents;
  CallerOptions caller; ///< its id is filled in
  RateLimit rate_limit;
  std::size_t replicas = 3;
  std::size_t table_voters = 5; ///< the other nodes have the table, and have no say
  std::size_t groups_max = 100;
  std::size_t per_group_max = 100;       ///< agents; a group with more is split
  std::uint64_t tick_ms = 60'000;        ///< of agents
  std::uint64_t report_ms = 60'000;      ///< of their number, to the quotas
  std::uint64_t transaction_ms = 5'000; ///< one that takes longer may be aborted
  std::uint64_t compact_entries = 5'000;
  std::size_t piece_bytes = 256 << 10; ///< of a transfer
  std::size_t effects_max = 10'000;    ///< of a group, that are not done yet
};

/// All that one node does for replicated agents: it hosts replicas of the table, of the quotas and
/// of groups of agents, brings its own callers' commands and queries to where they belong, and does
/// what the table wants of the groups that it leads: members, transfers, ticks, reports, splits,
/// merges.
///
/// The caller puts in what happens and takes out what is to be done, in the order persist, send,
/// apply:
/// @code
///   node.tick(now);                         // and hear(), call(), ask()
///   for (auto out = node.take_output(); !out.empty(); out = node.take_output()) {
///     persist(out.to_persist);              // all of it at once; if that fails, the node stops
///     send(out.to_send);
///     auto done = node.apply(std::move(out));  // answers, effects, and more to be sent
///   }
/// @endcode
///
/// A group that has come into the table is begun by its founders, each on its own, with an empty
/// log; it owns nothing until a transfer has come. A node that is to have a replica later joins
/// without a log, and gets it from the leader.
///
/// A node forgets a replica when the group is gone (ids do not come again), or when a table that
/// was the newest one a moment ago neither wants nor has it there and the group leaves it alone: an
/// old table must not make a member forget what it has acknowledged. With the same write, the table
/// goes to the disk as it is then, so that a node that starts anew does not found a group for the
/// second time.
///
/// Time:    milliseconds since 1970 by the node's clock.
/// Threads: none inside. One thread at a time.
/// Errors:  what makes no sense in a message is an error of hear(). failure() says why a node
/// cannot go
///          on; then it is to be stopped.
class Node {
public:
  /// One change of the disk; nothing: the group is gone from this node.
  using Change = std::pair<raft::GroupId, std::optional<raft::Persist>>;
  using Message = std::pair<raft::NodeId, std::vector<std::byte>>;

  struct Output {
    std::vector<Change> to_persist;
    std::vector<Message> to_send;
    std::vector<std::pair<raft::GroupId, raft::Apply>> to_apply;
    std::vector<Reply> answers; ///< that need nothing to be done before

    [[nodiscard]] bool empty() const {
      return to_persist.empty() && to_send.empty() && to_apply.empty() && answers.empty();
    }
  };
  struct Done {
    std::vector<Message> to_send;
    std::vector<Reply> answers; ///< to the numbers that call() and ask() have returned
    std::vector<std::pair<raft::GroupId, Effect>> effects; ///< each group's in their order
  };

  /// `found` is what was on the disk; `types` must outlive the node.
  Node(NodeOptions options, const AgentTypes& types,
       const std::map<raft::GroupId, raft::Recovered>& found, Time now);

  // ---- inputs
  // ------------------------------------------------------------------------------------

  void tick(Time now);
  [[nodiscard]] Result<void> hear(raft::NodeId from, std::span<const std::byte> message, Time now);

  /// A command or query of a caller on this node; see Caller.
  std::uint64_t call(const Call& call, std::uint64_t patience_ms, Time now);
  /// A transaction of a caller on this node; its answer is as Committed reads it.
  std::uint64_t transact(Transaction transaction, std::uint64_t patience_ms, Time now);
  /// See Caller::ask_owner().
  std::uint64_t ask_owner(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                          std::uint64_t patience_ms, Time now);
  /// An item or question for the table or the quotas.
  std::uint64_t ask(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                    std::uint64_t patience_ms, Time now);

  /// So many effects of this group are not done yet. With `effects_max` or more, it takes no
  /// commands and queries here (callers ask again), and while there are any, it hands no agents
  /// over to other groups, for some seconds: so effects of one agent come in order.
  void effects_wait(raft::GroupId group, std::size_t count);

  // ---- the output
  // --------------------------------------------------------------------------------

  [[nodiscard]] Output take_output();
  [[nodiscard]] Done apply(Output output);

  // ---- looks
  // -------------------------------------------------------------------------------------

  [[nodiscard]] const GroupTable& table() const { return *table_; }
  [[nodiscard]] const raft::Groups& groups() const { return groups_; }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// Null if this node has no such replica.
  [[nodiscard]] const AgentGroup* agents(raft::GroupId group) const;
  [[nodiscard]] bool leads(raft::GroupId group) const;

  /// Puts into `status` what a node knows: everything but its name, calls, callbacks and quotas.
  void show(HostingStatus& status) const;
  /// The `count` that are used most, if this node leads the group of quotas.
  [[nodiscard]] std::vector<std::pair<std::string, QuotaUsage>>
  fullest_quotas(std::size_t count) const;

private:
  static constexpr std::uint64_t own_bit = std::uint64_t{1} << 63;

  /// How a range is on its way from a group that this node leads.
  struct Giving {
    std::uint64_t transfer = 0;
    std::vector<std::vector<std::byte>> pieces;
    std::uint64_t next = 0;
    bool asked = false;
    std::uint64_t since_ms = 0;
  };
  /// What is to be done for a transaction, and since when this leader has known of it.
  using TransactionsSeen = std::map<std::pair<TransactionId, Id>, std::uint64_t>;
  struct Hosted {
    std::unique_ptr<Replica> replica;
    AgentGroup* agents = nullptr; ///< the replica's machine, if it is one
    raft::Term led_in;            ///< the term in which this node has led it last
    std::uint64_t next_tick_ms = 0;
    std::uint64_t next_report_ms = 0;
    std::uint64_t next_hand_over_ms = 0;
    std::uint64_t next_order_ms = 0;
    bool asks_table = false; ///< an item is on its way
    bool has_ticked = false; ///< in this term
    std::size_t effects = 0; ///< that are not done yet
    Giving giving;
    TransactionsSeen transactions;
    std::uint64_t next_transactions_ms = 0;
  };

  [[nodiscard]] raft::Fsm& fsm(raft::GroupId group) { return *groups_.find(group); }
  void host(raft::GroupId group, TableGroup::Kind kind, raft::Recovered recovered);
  void pass_time(raft::GroupId group, std::uint32_t ticks);
  void keep_replicas();
  void add_replicas();
  void forget_replicas();
  [[nodiscard]] bool is_wanted(raft::GroupId group) const;
  [[nodiscard]] bool is_left_alone(raft::GroupId group) const;
  void forget(raft::GroupId group);

  // what a leader does (node_leader.cpp)
  void lead(raft::GroupId id, Hosted& hosted);
  void lead_table(Hosted& hosted);
  void keep_members(raft::GroupId id, std::vector<raft::NodeId> voters,
                    std::vector<raft::NodeId> learners);
  void keep_placed(raft::GroupId id, Hosted& hosted, const TableGroup& wanted);
  void hand_over(raft::GroupId id, Hosted& hosted, const TableGroup& wanted);
  void keep_transfers(raft::GroupId id, Hosted& hosted);
  void give(raft::GroupId id, Hosted& hosted);
  void piece_answered(raft::GroupId id, std::uint64_t transfer, const Answer& answer);
  void tick_agents(Hosted& hosted);
  void report(raft::GroupId id, Hosted& hosted);
  void divide(raft::GroupId id, Hosted& hosted, const TableGroup& known);

  // what a leader does for transactions (node_transactions.cpp)
  void keep_transactions(raft::GroupId id, Hosted& hosted);
  void end_prepared(raft::GroupId id, const TransactionId& transaction, const Id& agent);
  void spread_commitment(raft::GroupId id, const TransactionId& transaction,
                         const std::vector<Id>& agents);
  void tell_table(raft::GroupId from, std::vector<std::byte> item,
                  std::uint64_t* times_done = nullptr);

  // what others want
  void handle(raft::NodeId from, const Ask& ask);
  void handle_command(raft::NodeId from, const Ask& ask, Hosted& hosted);
  void handle_transact(raft::NodeId from, const Ask& ask, Hosted& hosted);
  /// Proposes an item that activates an agent, once its quota is asked.
  void propose_new(const std::string& quota, raft::GroupId group, const Replica::Waiter& waiter,
                   std::function<std::vector<std::byte>(Activation)> item);
  std::uint64_t answer_at_once(Answer answer);
  void bring(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
             std::optional<std::uint64_t> until_ms, std::function<void(const Answer&)> then);
  void reply(raft::NodeId to, Reply reply);
  void refuse(const Replica::Waiter& waiter, Answer answer);
  void ask_then(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                std::function<void(const Answer&)> then);
  void deliver(Reply reply);
  void send_asks();

  NodeOptions options_;
  const AgentTypes& types_;
  Time now_;
  raft::Groups groups_;
  std::map<raft::GroupId, Hosted> hosted_;
  GroupTable* table_ = nullptr;
  Caller caller_;
  Committer committer_;
  RateLimiter limiter_;
  std::map<std::uint64_t, std::function<void(const Answer&)>> own_asks_;
  std::vector<Change> to_persist_;
  std::vector<Message> to_send_;
  std::vector<Reply> answers_;
  std::uint64_t last_own_ = 0; // number of an answer that is not the caller's
  std::uint64_t leader_changes_ = 0;
  std::uint64_t splits_ = 0;
  std::uint64_t merges_ = 0;
  bool table_changed_ = true;
  bool is_in_table_ = false; ///< once it was
  bool asks_table_ = false;  ///< to be put into it
  std::optional<Error> failure_;
};

} // namespace stos::keyed

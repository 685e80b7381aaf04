#pragma once

#include "libstos/raft/ids.hpp"
#include "libstos/service/keyed/agent_types.hpp"
#include "libstos/service/keyed/calls.hpp"
#include "libstos/service/keyed/decisions.hpp"
#include "libstos/service/keyed/sessions.hpp"
#include "libstos/service/keyed/state_machine.hpp"
#include "libstos/service/keyed/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::keyed {

/// A range of hashes on its way from one group to another one. Ids ascend in the order in which
/// transfers are decided on, and a group takes part in one at a time.
struct Transfer {
  std::uint64_t id = 0;
  Range range;
  raft::GroupId from; ///< 0: nobody has had the range before
  raft::GroupId to;

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

void write(const Transfer& transfer, BytesWriter& out);
[[nodiscard]] Transfer read_transfer(BytesReader& in);

/// What the leader has found out about the quota of an agent that is not active.
enum class Activation : std::uint8_t { unchecked, allowed, quota_not_found, quota_limit_reached };

struct AgentGroupOptions {
  /// Each command is done twice on copies, and what comes out is compared: a callback that is not
  /// pure is found. For debugging: it costs more than twice the time.
  bool check_twice = false;
};

/// The agents of one group: those whose hashes lie in the ranges that it owns.
///
/// Who owns a range is decided in the logs of the groups alone, whatever anybody else believes. A
/// range changes its group like a book that is handed over a counter. The giving group *seals* it
/// (an entry in its log): from there on it does nothing more with these agents, and what they are
/// cannot change any more. Its leader shows it, page by page, to the taking group, which *adopts*
/// it with the last page (an entry in that log): from there on that group owns it. Then the giving
/// group *releases* it (an entry again), and forgets it. If a leader dies, the next one goes on:
/// all that is needed stands in the logs, pages that come twice are known, and so are seals and
/// adoptions of old transfers, since their ids ascend. So at no time two groups own an agent, and
/// for the time between the two entries none does: then callers ask again. What callers may send
/// twice across a transfer is known to the taking group, too: with the last page comes what was
/// done in which session (Sessions).
///
/// In a transaction (agent_group_transactions.cpp), a command is first *tried*, by an entry: its
/// callback is called, what comes out of it is thrown away but for the reply, and the agent is kept
/// for the transaction. Until an entry says how that has ended, no other command, and no query if
/// the transaction is to change it, is done with this agent (`locked`: callers ask again), and
/// ticks do not count for it. If it is committed, the callback is called again, at the same time
/// and with the same random numbers, so with the same result. Tried commands move with their range,
/// as the records of transactions do whose home lies in it.
///
/// Ticks are entries, too. Since queries stand in no log, a tick of the leader names the agents
/// that were asked since the last one; the first tick of a new leader says that all may have been.
///
/// Order:   agents in the order of (hash, id), in snapshots and on ticks.
/// Threads: none inside.
/// Limits:  those of Sessions. An agent whose state takes more than 8 MB cannot change its group.
class AgentGroup final : public StateMachine {
public:
  explicit AgentGroup(const AgentTypes& types, AgentGroupOptions options = {})
      : types_(types), options_(options) {}

  // ---- items, as bytes
  // ------------------------------------------------------------------------------

  [[nodiscard]] static std::vector<std::byte> command_item(const Stamp& stamp,
                                                           Activation activation, const Call& call);
  /// `asked`: the agents that were asked since the last tick; nothing: it may be any.
  [[nodiscard]] static std::vector<std::byte>
  tick_item(const std::optional<std::vector<Id>>& asked);
  [[nodiscard]] static std::vector<std::byte> seal_item(const Transfer& transfer);
  [[nodiscard]] static std::vector<std::byte> adopt_item(const Transfer& transfer,
                                                         std::uint64_t piece, bool is_last,
                                                         std::span<const std::byte> data);
  [[nodiscard]] static std::vector<std::byte> release_item(std::uint64_t transfer);
  /// The only piece of a range that no group has had before.
  [[nodiscard]] static std::vector<std::byte> empty_piece();
  /// All agents of a quota that is no more go.
  [[nodiscard]] static std::vector<std::byte> remove_quota_item(std::string_view quota);

  // of transactions; `activation` is that of the agent that is prepared
  [[nodiscard]] static std::vector<std::byte>
  transact_item(const Stamp& stamp, Activation activation, const TransactionOrder& order);
  /// Whether it is committed; if it is open, it is aborted. See how_decided().
  [[nodiscard]] static std::vector<std::byte> decide_item(const TransactionId& transaction);
  /// For an agent that may be prepared: so it was decided.
  [[nodiscard]] static std::vector<std::byte> finish_item(const TransactionId& transaction,
                                                          const Id& agent, bool is_committed);
  /// For the record: all agents have done it, or this outsider has (not empty).
  [[nodiscard]] static std::vector<std::byte> confirm_item(const TransactionId& transaction,
                                                           std::string_view outsider);
  /// What the answer to a Commit or a decide_item() says.
  enum class Decided : std::uint8_t {
    aborted,
    committed,
    committed_and_done ///< by all agents
  };
  [[nodiscard]] static std::optional<Decided> how_decided(const Answer& answer);

  // ---- questions of people, as bytes; see query()
  // ---------------------------------------------------

  /// The first `count` ids of this quota in their order behind `after` (its type and key), of this
  /// type or of all (empty).
  [[nodiscard]] static std::vector<std::byte>
  list_query(std::string_view quota, std::string_view type, const Id& after, std::size_t count);
  /// An agent's state as JSON.
  [[nodiscard]] static std::vector<std::byte> show_query(const Id& id);
  /// Which life of each of these agents is there: each activation begins another one.
  [[nodiscard]] static std::vector<std::byte> lives_query(const std::vector<Id>& ids);
  /// Why an agent is gone.
  enum class Gone : std::uint8_t {
    unknown,     ///< it was too long ago
    by_itself,   ///< a callback has said so
    idle,        ///< OnTick::deactivate_after_idle()
    quota_is_not ///< its quota was deleted
  };
  struct Life {
    bool is_elsewhere = false;
    std::uint64_t life = 0;   ///< 0: it is not active
    Gone why = Gone::unknown; ///< of the last one that has ended
  };
  /// What the answer says, in their order.
  [[nodiscard]] static std::vector<Life> lives_of(const Answer& answer);
  [[nodiscard]] static std::string_view text_of(Gone why);
  /// What the answer to a list_query() says.
  [[nodiscard]] static std::vector<Id> ids_of(const Answer& answer);

  // ---- a state machine
  // ------------------------------------------------------------------------------

  /// The answer to a command is the caller's. To `adopt`: done, or try_later with the number of the
  /// piece that is wanted. To a tick: done, with the text of a timeout that has thrown.
  [[nodiscard]] Answer apply(std::span<const std::byte> item, Place place, Time now,
                             std::vector<Effect>* effects) override;
  /// A query is an encoded Call, or a question of people; no bytes ask for the number of agents (a
  /// varint).
  [[nodiscard]] Answer query(std::span<const std::byte> query,
                             std::vector<Effect>* effects) override;
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  [[nodiscard]] Result<void> restore(std::span<const std::byte> bytes) override;

  // ---- looks
  // ----------------------------------------------------------------------------------------

  [[nodiscard]] bool owns(std::uint64_t hash) const;
  [[nodiscard]] bool has(const Id& id) const { return here_.agents.contains({hash_of(id), id}); }
  [[nodiscard]] std::size_t agents() const { return here_.agents.size(); }
  [[nodiscard]] std::vector<Id> ids() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> agents_by_quota() const;
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }

  /// The agents that are kept for transactions, and for which.
  [[nodiscard]] std::vector<std::pair<Id, TransactionId>> prepared() const;
  /// The one that keeps this agent; null: none does.
  [[nodiscard]] const TransactionId* kept_for(const Id& id) const;
  [[nodiscard]] std::size_t prepared_agents() const { return here_.prepared.size(); }
  [[nodiscard]] const Decisions& decisions() const { return here_.decisions; }

  /// The transfer that has sealed a range here, until it is released.
  [[nodiscard]] const std::optional<Transfer>& outgoing() const { return outgoing_; }
  [[nodiscard]] std::uint64_t last_sealed() const { return last_sealed_; }
  [[nodiscard]] std::uint64_t last_adopted() const { return last_adopted_; }

  /// What the taking group is to adopt, in pieces of about `bytes_max`; at least one. The same on
  /// all replicas, but for the last one, of which any will do. @pre outgoing()
  [[nodiscard]] std::vector<std::vector<std::byte>> pieces(std::size_t bytes_max) const;

  /// The first hash of the upper half of the agents; nothing if they cannot be parted.
  [[nodiscard]] std::optional<std::uint64_t> middle() const;

  /// The agents that were asked since the last call, on this replica, and whose idleness counts.
  [[nodiscard]] std::vector<Id> take_asked();

private:
  using Key = std::pair<std::uint64_t, Id>;
  struct Agent {
    detail::State state;
    std::uint64_t life = 0; ///< another one for each activation
    OnTick on_tick;
    std::uint32_t ticks_left = 0;
  };
  using Agents = std::map<Key, Agent>;
  /// What was tried for a transaction.
  struct Prepared {
    TransactionId transaction;
    std::vector<Call> steps;
    Time now;
    std::uint64_t seed = 0;

    [[nodiscard]] bool changes_agent() const;
  };
  struct Tried {
    Answer answer;              ///< done: with all replies
    std::optional<Agent> agent; ///< afterwards; nothing: it is not active
  };
  /// What lies in ranges.
  struct Contents {
    Agents agents;
    std::map<Key, Prepared> prepared;
    Decisions decisions;
  };
  struct Incoming {
    Transfer transfer;
    std::uint64_t next_piece = 0;
    Contents contents;
  };

  [[nodiscard]] Answer apply_command(BytesReader& in, Place place, std::vector<Effect>* effects);
  [[nodiscard]] Answer apply_tick(BytesReader& in, Place place, std::vector<Effect>* effects);
  [[nodiscard]] Answer apply_seal(BytesReader& in);
  [[nodiscard]] Answer apply_adopt(BytesReader& in);
  [[nodiscard]] Answer apply_release(BytesReader& in);
  [[nodiscard]] Answer apply_remove_quota(BytesReader& in);
  [[nodiscard]] Answer apply_transact(BytesReader& in, Place place, std::vector<Effect>* effects);
  [[nodiscard]] Answer apply_decide(BytesReader& in);
  [[nodiscard]] Answer apply_finish(BytesReader& in, std::vector<Effect>* effects);
  [[nodiscard]] Answer apply_confirm(BytesReader& in);
  [[nodiscard]] Answer prepare(const Prepare& order, Activation activation, Place place);
  [[nodiscard]] Answer commit(const Commit& order, std::vector<Effect>* effects);
  [[nodiscard]] bool finish(const Key& key, const TransactionId& transaction, bool is_committed,
                            std::vector<Effect>* effects);
  [[nodiscard]] Tried try_steps(const Key& key, const Prepared& what, Activation activation,
                                std::vector<Effect>* effects) const;
  [[nodiscard]] Answer try_step(const Key& key, const Prepared& what, std::size_t number,
                                std::optional<Agent>& agent, std::vector<Effect>* effects) const;
  [[nodiscard]] detail::Called call_command(const detail::AgentType& type, detail::State& state,
                                            const Call& call, CommandContext& context,
                                            std::vector<Effect>* effects) const;
  [[nodiscard]] bool time_out(const Key& key, Agent& agent, std::uint64_t seed,
                              std::vector<Effect>* effects, std::string& trouble);
  [[nodiscard]] Answer moved(std::uint64_t hash) const;
  [[nodiscard]] Answer answer_people(BytesReader& in) const;
  [[nodiscard]] Answer list(BytesReader& in) const;
  [[nodiscard]] Answer lives(BytesReader& in) const;
  void note_gone(const Key& key, Gone why);
  static void set(Agent& agent, OnTick what);
  static void after_command(Agent& agent, const CommandContext& context);
  [[nodiscard]] std::uint64_t new_life(const CommandContext& context) const;
  [[nodiscard]] static bool read_agent(BytesReader& in, const AgentTypes& types, Agents& agents);
  [[nodiscard]] static bool read_prepared(BytesReader& in, const AgentTypes& types,
                                          Contents& contents);
  [[nodiscard]] static bool read_pages(BytesReader& in, const AgentTypes& types,
                                       Contents& contents);
  static void write_agent(const Key& key, const Agent& agent, BytesWriter& out);
  static void write_prepared(const Prepared& prepared, BytesWriter& out);
  template <class F>
  static void write_pages(const Contents& contents, Range range, BytesWriter& out, F after_each);
  void write_sessions(BytesWriter& out) const;
  void take_range(Range range);
  void drop_range(Range range);

  const AgentTypes& types_;
  AgentGroupOptions options_;

  // What is replicated:
  Time now_;
  std::vector<Range> ranges_; // in order, none touching the next
  Contents here_;
  Sessions sessions_;
  std::optional<Transfer> outgoing_;
  std::optional<Incoming> incoming_;
  std::uint64_t last_sealed_ = 0;
  std::uint64_t last_adopted_ = 0;
  Time forgot_at_; // expired sessions

  // Of this replica only:
  std::set<Key> asked_;
  std::map<Key, Gone> gone_;   // those of the last `gone_max`
  std::deque<Key> gone_order_; // some twice
};

} // namespace stos::keyed

#pragma once

#include "libstos/base/random.hpp"
#include "libstos/base/result.hpp"
#include "libstos/raft/election.hpp"
#include "libstos/raft/log.hpp"
#include "libstos/raft/message.hpp"
#include "libstos/raft/options.hpp"
#include "libstos/raft/output.hpp"
#include "libstos/raft/progress.hpp"
#include "libstos/raft/rounds.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::raft {

enum class Role : std::uint8_t {
  follower,
  pre_candidate, ///< asks whether it would be voted for
  candidate,
  leader,
};

/// For people to look at.
struct Status {
  Role role = Role::follower;
  Term term;
  NodeId leader; ///< none() if it is not known
  LogIndex commit;
  EntryId last;
  LogIndex snapshot;
  Configuration configuration;
  LogIndex configuration_index;
};

/// How a read is made sure of.
enum class ReadMode : std::uint8_t {
  confirmed, ///< a majority says that this leader is still the leader
  lease,     ///< clocks say so, where they can; else as above. See Options::lease_ticks
};

/// One node's part of one group that agrees on a log: Raft, as a pure state machine.
///
/// The caller puts in what happens (messages, time, proposals) and takes out what is to be done, in
/// the order persist, send, apply (`Output`). Several inputs may be put in before an output is
/// taken: then their entries go in one write and one message to each follower.
///
/// An entry is committed once a majority has it, and it, or an entry behind it, is of the leader's
/// own term. All nodes apply the same entries in the same order; a proposal has come through when
/// an entry with the id that propose() returned is applied.
///
/// Beyond the paper's basic algorithm: a candidate asks in advance whether it would win (pre-vote);
/// followers are loyal to a leader that they hear, and a leader that hears no majority resigns
/// (check-quorum), so that neither a removed node nor one behind a bad line disturbs; voters change
/// by joint consensus; learners; handing over the lead; reads without an entry in the log;
/// snapshots in pieces. Which node campaigns when is up to a module (Election).
///
/// Time:    tick() is the only clock. Before any other input, the caller calls it as often as
///          ticks have passed, also after it was suspended: leases depend on that.
/// Units:   ticks.
/// Order:   messages may come in any order, doubled, or not at all.
/// Threads: none inside. One thread at a time.
/// Errors:  what cannot be is not believed. If it shows that this node has lost what it had
/// written,
///          or that a group is not one any more, the machine stops for good and failure() says why.
/// Source:  Ongaro, Ousterhout, "In search of an understandable consensus algorithm" (USENIX ATC
///          2014); Ongaro's thesis "Consensus: bridging theory and practice" (2014): 3.10 (handing
///          over), 4 (changes of members), 6.4 (reads), 9.6 (pre-vote); his correction of July 2015
///          on raft-dev: no change of members before an entry of the own term is committed.
class Fsm {
public:
  /// @pre check(options). `recovered` is empty for a node that is to join a group.
  Fsm(Options options, Recovered recovered);

  /// What all first members of a new group begin with, written to their disks.
  [[nodiscard]] static Recovered first_state(Configuration configuration);

  // ---- inputs
  // ------------------------------------------------------------------------------------

  void tick();
  void step(const Message& message);

  /// Puts a command into the log. Fails with not_leader; with try_later while the leader hands
  /// over, or has too much that is not committed; with bad_argument if the command is too large.
  [[nodiscard]] Result<EntryId> propose(std::vector<std::byte> command);

  /// Changes who belongs to the group, in two entries if the voters change; the id is that of the
  /// first one. New nodes should be learners first, until they have the log. Fails with not_leader;
  /// with try_later while another change is under way, or nothing of the leader's own term is
  /// committed; with bad_argument if there would be no voter, or a node in both lists.
  [[nodiscard]] Result<EntryId> change_members(std::vector<NodeId> voters,
                                               std::vector<NodeId> learners);

  /// Hands the lead over, once that voter has the whole log; given up after an election timeout.
  [[nodiscard]] Result<void> hand_over(NodeId to);

  /// Asks how far a state has to be to answer a read, on any node; a ReadResult with this id says
  /// it, unless messages are lost. Fails with not_leader if no leader is known, and with try_later
  /// if too many wait.
  [[nodiscard]] Result<void> read(std::uint64_t id, ReadMode mode = ReadMode::confirmed);

  /// `data` is the user's state with all up to `index` applied: entries up to there are not needed
  /// any more. Fails with bad_argument if that was not applied, and with try_later if there is a
  /// later snapshot by now, or a node that has joined knows no members as of then.
  [[nodiscard]] Result<void> compact(LogIndex index, std::vector<std::byte> data);

  // ---- the output
  // --------------------------------------------------------------------------------

  [[nodiscard]] Output take_output();

  // ---- sleep
  // -------------------------------------------------------------------------------------

  /// Whether this node leads, and all members, but for those that are `lost`, have all and know it.
  [[nodiscard]] bool is_idle(const std::function<bool(NodeId)>& lost) const;

  /// The leader sends all members to sleep, and itself: no member says anything, and no time
  /// passes, until something happens or wake() is called. What keeps a group asleep has to find out
  /// by other means whether the leader's node lives (see groups.hpp). @pre is_idle()
  void sleep();
  void wake();
  [[nodiscard]] bool is_asleep() const { return asleep_; }

  // ---- looks
  // -------------------------------------------------------------------------------------

  [[nodiscard]] Status status() const;
  [[nodiscard]] bool leads() const { return role_ == Role::leader; }
  [[nodiscard]] NodeId leader() const { return leader_; }
  [[nodiscard]] Term term() const { return hard_state_.term; }
  [[nodiscard]] const Log& log() const { return log_; }
  [[nodiscard]] LogIndex commit_index() const { return commit_; }
  /// How many entries that member does not have, as far as this leader knows; nothing on other
  /// nodes.
  [[nodiscard]] std::optional<std::uint64_t> lag_of(NodeId member) const;
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

private:
  /// What only a leader has.
  struct Leader {
    std::map<NodeId, Progress> followers;
    Rounds rounds;
    LogIndex first_of_term;
    std::size_t uncommitted_bytes = 0;
    std::uint32_t to_next_heartbeat = 0; // ticks
    NodeId hands_over_to;
    std::uint64_t hands_over_until = 0;
    std::uint64_t prefers_from = 0; // before, it does not hand over by itself
    bool gave_up_lease = false;     // any node may campaign whatever followers think of this leader
    bool resigns = false;           // it is no member any more
  };

  /// A snapshot that is arriving.
  struct Arriving {
    Term of_leader;
    std::shared_ptr<Snapshot> snapshot;
  };

  // elections (fsm_election.cpp)
  void run_election();
  void campaign(bool forced);
  void ask_for_votes(bool pre, bool forced);
  void count_votes();
  void follow(Term term, NodeId leader);
  void lead();
  void handle(const Message& message, const VoteRequest& request);
  void handle(const Message& message, const VoteReply& reply);
  void handle(const Message& message, const TimeoutNow& order);
  [[nodiscard]] bool is_loyal_to_other_than(NodeId candidate) const;
  [[nodiscard]] bool has_all_of(EntryId last) const;
  [[nodiscard]] bool may_campaign() const;

  // the follower's side (fsm_follower.cpp)
  [[nodiscard]] bool accept_leader(const Message& message);
  void handle(const Message& message, const Append& append);
  void handle(const Message& message, const Heartbeat& heartbeat);
  void handle(const Message& message, const SnapshotPiece& piece);
  void handle(const Message& message, const ReadReply& reply);
  void take_in(NodeId leader, std::uint64_t round);
  void answer_old(const Message& message);
  void commit_to(LogIndex index);
  void fail(std::string what);

  // the leader's side (fsm_leader.cpp)
  void handle(const Message& message, const AppendReply& reply);
  void handle(const Message& message, const HeartbeatReply& reply);
  void handle(const Message& message, const SnapshotReply& reply);
  void handle(const Message& message, const ReadRequest& request);
  void handle(const Message& message, const ElectionMessage& election);
  [[nodiscard]] Progress* follower(NodeId node, std::uint64_t round);
  EntryId append_own(EntryKind kind, std::vector<std::byte> data);
  void look_at_members();
  void advance_commit();
  void conclude_change();
  void begin_round();
  void send_heartbeat(NodeId to, const Progress& progress, bool sleep);
  void lead_on_tick();
  void hand_over_to_preferred();
  void hand_over_if_complete(NodeId to, const Progress& progress);
  void feed_all();
  void feed(NodeId to, Progress& progress);
  bool feed_append(NodeId to, Progress& progress);
  void feed_snapshot(NodeId to, Progress& progress);
  void resign_if_removed();
  void answer_reads();
  void answer_read(WaitingRead read, std::optional<LogIndex> index);
  [[nodiscard]] bool has_lease() const;
  [[nodiscard]] bool knows_commit() const;

  [[nodiscard]] NodeId self() const { return options_.self; }
  [[nodiscard]] std::string leader_text() const;
  void send(NodeId to, Body body);

  Options options_;
  Log log_;
  std::unique_ptr<Election> election_;
  HardState hard_state_;
  HardState written_; // what of it the owner has taken
  Role role_ = Role::follower;
  NodeId leader_;
  LogIndex commit_;
  LogIndex applied_; // what of it the owner has taken

  std::uint64_t now_ = 0;      // ticks while awake
  std::uint64_t heard_at_ = 0; // when a leader was heard of last, or this node has started
  NodeId heard_leader_;
  bool asleep_ = false;

  std::map<NodeId, bool> votes_; // of this campaign: whether it was granted
  std::optional<Leader> leading_;
  std::optional<Arriving> arriving_;

  std::vector<Message> to_send_;
  SnapshotPtr to_apply_snapshot_;
  std::vector<ReadResult> read_results_;
  std::optional<Error> failure_;
};

} // namespace stos::raft

#pragma once

#include "libstos/service/keyed/ask.hpp"
#include "libstos/service/keyed/calls.hpp"
#include "libstos/service/keyed/group_table.hpp"
#include "libstos/service/keyed/sessions.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace stos::keyed {

/// Units: milliseconds.
struct CallerOptions {
  std::uint64_t id = 1;           ///< another one for each caller, ever: sessions are named by it
  std::uint64_t attempt_ms = 500; ///< for so long an answer is waited for before asking elsewhere
  std::uint64_t pause_ms = 20;    ///< before asking again where there is no leader yet
  std::vector<raft::NodeId> contacts;       ///< who may know the table, and those who have it
  raft::NodeId self = raft::NodeId::none(); ///< asked first where any replica will do
};

/// Brings commands and queries to the leaders of the groups that have the agents, and their answers
/// back, whatever happens on the way: it finds the group by the table and by what groups say, the
/// leader by asking, and asks again until the time that it was given is over. A command bears its
/// place in a session, so that it is done once, however often it is sent.
///
/// A stale query goes to the replica of the caller's own node, or else to one after the other.
///
/// Nothing here needs to be right. A caller with an old table takes longer. One whose clock is
/// wrong by minutes gets a `timeout` for its first command, and knows the time by that.
///
/// Time:    milliseconds since 1970; may go back.
/// Order:   of the calls under way at a time, none.
/// Threads: none inside.
/// Limits:  `calls_max` calls under way; the next one is answered with try_later at once.
class Caller {
public:
  static constexpr std::size_t calls_max = Sessions::answers_max;

  struct Output {
    std::vector<std::pair<raft::NodeId, Ask>> to_send;
    std::vector<Reply> answers; ///< to the numbers that call() and ask() have returned
  };

  explicit Caller(CallerOptions options) : options_(options) {}

  /// Whom to ask for the table.
  void set_contacts(std::vector<raft::NodeId> contacts) { options_.contacts = std::move(contacts); }

  /// A command or query for an agent. Returns its number, by which it is answered within
  /// `patience`.
  std::uint64_t call(const Call& call, std::uint64_t patience_ms, Time now);

  /// Something for the leader of the group that owns this hash: an item, or Ask::Kind::transact,
  /// which bears a place in the session as a command does.
  std::uint64_t ask_owner(std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                          std::uint64_t patience_ms, Time now);

  /// Anything else for the leader of a group.
  std::uint64_t ask(raft::GroupId group, Ask::Kind kind, std::vector<std::byte> body,
                    std::uint64_t patience_ms, Time now);

  void hear(const Reply& reply, Time now);

  /// Sends again what has waited for too long, and gives up what has no more time.
  void tick(Time now);

  /// What is to be done. The table may be another one each time.
  [[nodiscard]] Output take_output(const GroupTable& table, Time now);

  [[nodiscard]] std::size_t under_way() const { return calls_.size(); }

private:
  struct Waiting {
    std::optional<std::uint64_t> hash; ///< of the agent; the group is found by it
    raft::GroupId group;
    Ask::Kind kind = Ask::Kind::item;
    std::vector<std::byte> body; ///< but for the stamp
    Stamp stamp;
    std::uint64_t until_ms = 0;
    std::uint64_t next_ms = 0; ///< when it is sent again
    std::uint64_t attempts = 0;
    raft::NodeId asked;       ///< last
    raft::GroupId follows;    ///< where a group has said that it is now, for one attempt
    bool may_be_done = false; ///< an attempt has had no answer
    bool found_leader = false;
    bool is_locked = false; ///< as the last answer has said
  };

  std::uint64_t add(Waiting waiting, std::uint64_t patience_ms, Time now);
  void send(std::uint64_t number, Waiting& waiting, const GroupTable& table, Time now,
            Output& output);
  void stamp(Waiting& waiting, Time now);
  void finish(std::uint64_t number, Answer answer);
  void give_up(std::uint64_t number);

  CallerOptions options_;
  std::map<std::uint64_t, Waiting> calls_;
  std::map<raft::GroupId, raft::NodeId> leaders_; // as far as was heard
  std::set<std::uint64_t> open_;                  // sequences of commands without an answer
  std::optional<SessionId> session_;
  std::int64_t clock_ahead_ms_ = 0; // of the groups', as one has said
  std::uint64_t sessions_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::set<std::uint64_t> due_; // numbers that are to be sent now
  std::vector<Reply> answers_;
};

} // namespace stos::keyed

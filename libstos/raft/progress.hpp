#pragma once

#include "libstos/raft/entry.hpp"
#include "libstos/raft/options.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace stos::raft {

/// What a leader knows of one follower, and what it has sent to it without an answer.
///
/// A leader *probes* until it knows where the two logs agree: one message at a time. Then it sends
/// on without waiting for answers, within limits, until an answer says that something is missing
/// (*replicates*). A follower that needs entries which the leader has no more gets a *snapshot*.
///
/// Threads: none inside.
/// Limits:  appends and bytes in flight, pieces of a snapshot in flight.
/// Source:  Raft paper, section 5.3; thesis, sections 3.5 (probing) and 10.2.2 (pipelining); the
///          three states as in etcd's raft.
class Progress {
public:
  enum class State { probe, replicate, snapshot };

  explicit Progress(LogIndex next) : next_(next) {}

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] LogIndex match() const { return match_; } ///< it has all up to here
  [[nodiscard]] LogIndex next() const { return next_; }   ///< the next one to be sent

  // ---- appends
  // -----------------------------------------------------------------------------------

  /// Whether an append may be sent now.
  [[nodiscard]] bool may_append(const Limits& limits) const;
  void appended(LogIndex last, std::size_t entries, std::size_t bytes);

  /// An answer: it has all up to `index`. False if that was known.
  bool accepted(LogIndex index);

  /// An answer: what was sent behind `index` did not fit; it may fit behind `hint`. False if that
  /// is old news.
  bool rejected(LogIndex index, LogIndex hint);

  // ---- snapshots
  // ---------------------------------------------------------------------------------

  void begin_snapshot(SnapshotPtr snapshot);
  [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; }

  /// Where the next piece begins, if one may be sent; the first one may be empty.
  [[nodiscard]] bool may_send_piece(const Limits& limits) const;
  [[nodiscard]] std::uint64_t piece_offset() const { return piece_sent_; }
  void piece_sent(std::uint64_t end);

  /// An answer: it has the first `offset` bytes of the snapshot that ends with `index`.
  void piece_accepted(LogIndex index, std::uint64_t offset);

  // ---- time
  // --------------------------------------------------------------------------------------

  /// An answer to a heartbeat. What was sent before the last one and has not been answered since is
  /// taken as lost.
  void heartbeat_answered(LogIndex last_of_log);

  std::uint64_t acked_round = 0; ///< the latest one in which it has followed this leader
  LogIndex told_commit;          ///< the commit index that it was told
  bool leaving = false;          ///< no member any more; it is told when that is committed

private:
  void probe_from(LogIndex next);
  void free_up_to(LogIndex index);

  State state_ = State::probe;
  LogIndex match_;
  LogIndex next_;
  bool probing_ = false; // a probe is under way
  bool progress_ = true; // since the last heartbeat that was answered

  std::deque<std::pair<LogIndex, std::size_t>> in_flight_; // last index and bytes of each append
  std::size_t bytes_in_flight_ = 0;

  SnapshotPtr snapshot_;
  std::uint64_t piece_sent_ = 0;
  std::uint64_t piece_acked_ = 0;
  bool first_piece_sent_ = false;
};

} // namespace stos::raft

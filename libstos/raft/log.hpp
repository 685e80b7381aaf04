#pragma once

#include "libstos/raft/entry.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace stos::raft {

/// The log of one group on one node: entries in memory, behind a snapshot.
///
/// It remembers which entries its owner has not taken yet to write them, and which configurations
/// stand in it: the newest one counts, whether it is committed or not.
///
/// Threads: none inside.
/// Limits:  none of its own; it holds what was appended since the last compact().
/// Source:  Raft paper, sections 5.3, 6 and 7.
class Log {
public:
  explicit Log(Recovered recovered);

  [[nodiscard]] EntryId last() const;
  [[nodiscard]] LogIndex last_index() const { return last().index; }
  [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; } ///< may be null
  [[nodiscard]] LogIndex snapshot_index() const;

  /// Nothing where the log has no entry, or has it no more.
  [[nodiscard]] std::optional<Term> term_at(LogIndex index) const;
  [[nodiscard]] bool has(EntryId id) const { return term_at(id.index) == id.term; }

  /// @pre the log has it
  [[nodiscard]] const EntryPtr& at(LogIndex index) const;

  /// The last index up to `index` whose term is at most `term`; where entries are missing it cannot
  /// tell, and returns the place before them.
  [[nodiscard]] LogIndex last_with_term_up_to(Term term, LogIndex index) const;

  /// The entries from `from` on: at least one if there is one, then as many as the limits allow.
  /// @pre the log has the entry before `from`, or at least its term
  [[nodiscard]] std::vector<EntryPtr> from(LogIndex from, std::size_t entries_max,
                                           std::size_t bytes_max) const;

  /// Those of `entries` that the log does not have yet, up to the end. @pre they have no gap
  [[nodiscard]] std::span<const EntryPtr> news(std::span<const EntryPtr> entries) const;

  /// Takes the place of all entries from its index on. @pre its index is at most last + 1, and
  /// above that of the snapshot
  void append(EntryPtr entry);

  // ---- configurations
  // ----------------------------------------------------------------------------

  [[nodiscard]] const Configuration& configuration() const { return configurations_.back().second; }
  [[nodiscard]] LogIndex configuration_index() const { return configurations_.back().first; }
  [[nodiscard]] const Configuration& configuration_at(LogIndex index) const;

  // ---- snapshots
  // ---------------------------------------------------------------------------------

  /// The snapshot stands for all up to its last entry; `trailing` of these stay in memory for
  /// followers that are a little behind. @pre the log has that last entry
  void compact(SnapshotPtr snapshot, std::uint64_t trailing);

  /// The snapshot takes the place of the whole log.
  void restore(SnapshotPtr snapshot);

  // ---- what is to be written
  // ---------------------------------------------------------------------

  [[nodiscard]] bool has_unwritten() const { return new_snapshot_ || unwritten_ <= last_index(); }

  /// Fills in snapshot and entries; the owner writes them.
  void take_unwritten(Persist& persist);

private:
  void note_configuration(const Entry& entry);
  void forget_configurations_from(LogIndex index);
  void keep_configurations_from(LogIndex index);

  SnapshotPtr snapshot_;
  EntryId base_; // of the entry before the first one in memory
  std::deque<EntryPtr> entries_;
  std::vector<std::pair<LogIndex, Configuration>> configurations_;
  LogIndex unwritten_;
  bool new_snapshot_ = false;
};

} // namespace stos::raft

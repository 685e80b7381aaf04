#pragma once

#include "libstos/raft/configuration.hpp"
#include "libstos/raft/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace stos::raft {

enum class EntryKind : std::uint8_t {
  command,       ///< what the user has proposed
  configuration, ///< its data are those of a Configuration
  first_of_term, ///< without data; a leader begins with it
};

/// One line of the log.
struct Entry {
  Term term;
  LogIndex index;
  EntryKind kind = EntryKind::command;
  std::vector<std::byte> data;

  [[nodiscard]] EntryId id() const { return {term, index}; }
};

/// An entry never changes. The log, messages on the way and what is to be written and applied share
/// it, also among threads, so that its data are not copied.
using EntryPtr = std::shared_ptr<const Entry>;

/// What an entry takes in memory and on the wire beside its data, roughly; counted by all limits.
inline constexpr std::size_t entry_overhead_bytes = 64;

[[nodiscard]] inline std::size_t bytes_of(const Entry& entry) {
  return entry_overhead_bytes + entry.data.size();
}

// As bytes. A reader fails at terms and indices beyond anything that is ever reached, so that sums
// with them do not overflow.
inline constexpr std::uint64_t number_max = std::uint64_t{1} << 62;
[[nodiscard]] Term read_term(BytesReader& in);
[[nodiscard]] LogIndex read_index(BytesReader& in);
[[nodiscard]] EntryId read_entry_id(BytesReader& in);
void write(EntryId id, BytesWriter& out);
void write_data(std::span<const std::byte> data, BytesWriter& out);
[[nodiscard]] std::vector<std::byte> read_data(BytesReader& in);

/// All that the entries up to `last` have made of the user's state, in bytes that are the user's.
struct Snapshot {
  EntryId last;
  Configuration configuration;
  std::vector<std::byte> data;
};

/// Shared like entries: it may be large, and several followers may be getting it.
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// What a node must never forget beside its log.
struct HardState {
  Term term;
  NodeId vote; ///< whom it has voted for in this term

  friend bool operator==(const HardState&, const HardState&) = default;
};

/// What a node has found on its disk when it starts.
struct Recovered {
  HardState hard_state;
  SnapshotPtr snapshot;          ///< null if there is none
  std::vector<EntryPtr> entries; ///< those behind the snapshot, without a gap
};

/// What has to be on the disk before anything else of the same output is done.
struct Persist {
  std::optional<HardState> hard_state;
  /// Takes the place of all entries up to its last one; and of all others, too, unless the log has
  /// that last one.
  SnapshotPtr snapshot;
  /// Written after the snapshot. The first one takes the place of all from its index on.
  std::vector<EntryPtr> entries;

  [[nodiscard]] bool empty() const { return !hard_state && !snapshot && entries.empty(); }
};

/// Does to `state` what writing `persist` does to a disk.
void apply(const Persist& persist, Recovered& state);

} // namespace stos::raft

#pragma once

#include "libstos/base/result.hpp"
#include "libstos/raft/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stos::raft {

/// Which module says when a node is to campaign; see election.hpp.
enum class ElectionKind : std::uint8_t {
  raft,  ///< the first one whose patience ends, which is random
  bully, ///< the highest id that lives
};

/// The kind of this name ("raft", "bully"); nothing if there is none.
[[nodiscard]] std::optional<ElectionKind> election_kind_from(std::string_view name);

/// What one group may take. What is too large for a limit that counts bytes goes alone.
struct Limits {
  std::size_t append_entries_max = 4'096;        ///< in one message
  std::size_t append_bytes_max = 256 << 10;      ///< in one message
  std::size_t appends_in_flight_max = 64;        ///< to one follower, without an answer
  std::size_t bytes_in_flight_max = 4 << 20;     ///< to one follower, without an answer
  std::size_t uncommitted_bytes_max = 64 << 20;  ///< that a leader takes in
  std::size_t command_bytes_max = 16 << 20;      ///< of one command
  std::size_t reads_max = 100'000;               ///< that wait to be confirmed
  std::size_t snapshot_piece_bytes = 256 << 10;  ///< in one message
  std::size_t snapshot_pieces_in_flight = 8;     ///< to one follower
  std::uint64_t snapshot_bytes_max = 1ull << 30; ///< that a follower takes in
  std::uint64_t trailing_entries = 1'000;        ///< kept behind a snapshot, for slow followers
};

/// How one group behaves on one node. All nodes of a group need the same, but for `self` and
/// `seed`.
///
/// Units: ticks; a tick is as long as the caller lets it be, and about the same on all nodes.
struct Options {
  NodeId self;
  std::uint64_t seed = 1; ///< of random patience; another one on each node
  ElectionKind election = ElectionKind::raft;

  /// For so long after it has heard of a leader, a node supports no other one; a leader that has
  /// not heard of a majority for so long resigns.
  std::uint32_t election_ticks = 10;
  std::uint32_t heartbeat_ticks = 2;

  /// For so long after a majority has supported it, a leader answers reads without asking. Safe if
  /// no clock is faster than another one by more than a factor of
  /// (election_ticks - 1) / (lease_ticks + 1). 0: it always asks.
  std::uint32_t lease_ticks = 7;

  Limits limits;
};

/// Fails with bad_argument, and says what is wrong with which value.
[[nodiscard]] Result<void> check(const Options& options);

} // namespace stos::raft

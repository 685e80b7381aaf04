#pragma once

#include "libstos/raft/groups.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// What happens to one node that takes part in two groups, as bytes.
namespace stos::fuzz {

enum class RaftStep : std::uint8_t {
  tick,
  frame,   ///< the varint of its size, then the frame
  propose, ///< in a group: a byte that chooses it, and the command, which is that byte, too
  read,
  compact,
  change_members,
  hand_over,
  restart, ///< with what was persisted
};
inline constexpr std::uint8_t raft_steps = 8;

inline constexpr std::uint64_t raft_groups = 2;
inline constexpr raft::NodeId raft_own_node{2};

inline raft::Options raft_options() {
  raft::Options options;
  options.self = raft_own_node;
  options.limits.append_entries_max = 3;
  options.limits.snapshot_piece_bytes = 8;
  options.limits.trailing_entries = 2;
  options.limits.snapshot_bytes_max = 4096;
  return options;
}

inline raft::Recovered raft_first_state() {
  return raft::Fsm::first_state({{{1}, {2}, {3}}, {}, {}});
}

} // namespace stos::fuzz

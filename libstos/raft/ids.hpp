#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace stos::raft {

/// The reign of at most one leader. It only grows; 0 is before the first one.
struct Term {
  std::uint64_t value = 0;

  friend auto operator<=>(Term, Term) = default;
  [[nodiscard]] constexpr Term next() const { return {value + 1}; }
};

/// A place in the log, from 1 on; 0 is before the first entry.
struct LogIndex {
  std::uint64_t value = 0;

  friend auto operator<=>(LogIndex, LogIndex) = default;
  [[nodiscard]] constexpr LogIndex next() const { return {value + 1}; }
  [[nodiscard]] constexpr LogIndex previous() const { return {value - 1}; } ///< @pre value > 0
};

/// Names a node, from 1 on; 0 is no node.
struct NodeId {
  std::uint64_t value = 0;

  friend auto operator<=>(NodeId, NodeId) = default;
  static constexpr NodeId none() { return {}; }
  explicit operator bool() const { return value != 0; }
};

/// Names a group: one log, and the nodes that agree on it.
struct GroupId {
  std::uint64_t value = 0;

  friend auto operator<=>(GroupId, GroupId) = default;
};

/// Where an entry stands, and under which leader it was made: no two entries have both in common.
struct EntryId {
  Term term;
  LogIndex index;

  friend auto operator<=>(EntryId, EntryId) = default;
};

[[nodiscard]] inline std::string to_string(Term term) { return std::to_string(term.value); }
[[nodiscard]] inline std::string to_string(LogIndex index) { return std::to_string(index.value); }
[[nodiscard]] inline std::string to_string(NodeId node) { return std::to_string(node.value); }
[[nodiscard]] inline std::string to_string(GroupId group) { return std::to_string(group.value); }

} // namespace stos::raft

#pragma once

#include "libstos/raft/entry.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

// The bytes of a write-ahead log.
//
// A segment is a file: a header, then records. A record is a mark, the size of its content, a hash
// (XXH3, with the number of the segment and the place as the seed), the content, and zeros up to a
// multiple of eight. So a record is found at a place only if it was written for that place.
//
// Threads: none inside.

inline constexpr std::size_t segment_header_bytes = 32;
inline constexpr std::size_t record_header_bytes = 16;
inline constexpr std::size_t record_alignment = 8;
inline constexpr std::uint64_t record_bytes_max = 0xffff'ffff;

/// What is written at a time: what each group persists, or that a group is gone.
struct LogChange {
  raft::GroupId group;
  std::optional<raft::Persist> persist; ///< nothing: the group is gone
};

/// The first bytes of a segment. `begins`: it says all that is to be known, and earlier ones are of
/// no use.
[[nodiscard]] std::vector<std::byte> segment_header(std::uint64_t number, bool begins);

struct SegmentHeader {
  std::uint64_t number = 0;
  bool begins = false;
};
[[nodiscard]] std::optional<SegmentHeader> read_segment_header(std::span<const std::byte> segment);

/// Appends a record for the place at which `out` ends, if that is `offset` in its segment. False,
/// and nothing has changed, if it would be larger than record_bytes_max.
[[nodiscard]] bool append_record(std::span<const LogChange> changes, std::uint64_t segment,
                                 std::uint64_t offset, std::vector<std::byte>& out);

/// A record at a place of a segment.
struct FoundRecord {
  std::span<const std::byte> content;
  std::uint64_t end = 0; ///< where the next one begins
};

/// Nothing if there is none that is whole.
[[nodiscard]] std::optional<FoundRecord> record_at(std::span<const std::byte> segment,
                                                   std::uint64_t number, std::uint64_t offset);

/// Where the first whole record is at or behind `offset`, if there is one.
[[nodiscard]] std::optional<std::uint64_t> next_record(std::span<const std::byte> segment,
                                                       std::uint64_t number, std::uint64_t offset);

/// All groups of a node, as they are on its disk.
using LogState = std::map<raft::GroupId, raft::Recovered>;

/// Does to the state what a record says. False if it makes no sense, then some of it is done.
[[nodiscard]] bool replay(std::span<const std::byte> content, LogState& state);

/// Does to the state what the changes say.
void replay(std::span<const LogChange> changes, LogState& state);

} // namespace stos::detail

// Records of write-ahead logs. Each is the varint of its size, then its content. What can be read
// is written as a record of a segment, found there, and read again, which must give the same.

#include "store/log_records.hpp"

#include "libstos/base/bytes.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace stos;
using stos::fuzz::require;
using namespace stos::detail;

namespace {

/// The whole state as one record, where segment 1 begins.
std::vector<std::byte> record_of(const LogState& state) {
  std::vector<LogChange> changes;
  for (const auto& [group, of_group] : state)
    changes.push_back(
        {group, raft::Persist{of_group.hard_state, of_group.snapshot, of_group.entries}});
  std::vector<std::byte> segment = segment_header(1, true);
  require(append_record(changes, 1, segment.size(), segment));
  return segment;
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  require(!record_at(input, 1, 0) || size >= record_header_bytes);
  static_cast<void>(next_record(input, 1, 0));
  static_cast<void>(read_segment_header(input));

  BytesReader in(input);
  LogState state;
  while (in.remaining() > 0)
    if (!replay(in.raw(in.count(1)), state))
      return 0;
  if (!in.ok())
    return 0;
  const std::vector<std::byte> segment = record_of(state);
  const auto found = record_at(segment, 1, segment_header_bytes);
  require(found && found->end == segment.size());
  LogState again;
  require(replay(found->content, again));
  require(record_of(again) == segment);
  return 0;
}

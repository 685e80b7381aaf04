#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/world/run_summary.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

/// A cut that was taken, and where it lies; what the command "snapshot" answers.
struct StoredCut {
  CutRecord record;
  double pause_s = 0;       ///< of the first node, wall-clock time
  std::string place;        ///< the store; empty: nowhere
  std::uint64_t number = 0; ///< there

  /// "cut at 2 s: state 0123456789abcdef, 100 agents, a pause of 3 ms"
  [[nodiscard]] std::string to_string() const;
};

/// The record alone is what the first node tells the others.
void write_record(const CutRecord& record, BytesWriter& out);
[[nodiscard]] Result<CutRecord> read_record(BytesReader& in);

[[nodiscard]] std::vector<std::byte> encode(const StoredCut& cut);
[[nodiscard]] Result<StoredCut> decode_stored_cut(std::span<const std::byte> bytes);

} // namespace stos::detail

#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/engine/execution.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/streamed.hpp"

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

/// What one node says at the end of a run.
struct RunOutcome {
  RunCounters counters;
  EngineCounters engine_counters;
  std::optional<Failure> failure;
  std::vector<Report> reports;
  std::vector<Observation> observations;
  Streamed streamed;               ///< that is in no cut; for the first node
  std::uint64_t trace_records = 0; ///< that it has made

  /// Puts that of another node to this one: counters are added, the earliest failure counts.
  void add(RunOutcome other);
};

[[nodiscard]] std::vector<std::byte> encode(const RunOutcome& outcome);

/// Fails on anything that encode() has not made. The names of types in the trace go to `names`,
/// which has to outlive it.
[[nodiscard]] Result<RunOutcome> decode_outcome(std::span<const std::byte> bytes,
                                                std::deque<std::string>& names);

} // namespace stos::detail

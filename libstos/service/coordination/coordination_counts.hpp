#pragma once

#include <cstdint>

namespace stos::coordination {

/// Locks and shared values as one node knows them at one moment, for an exporter.
struct CoordinationCounts {
  std::uint64_t held = 0;         ///< claims to locks, of all clients
  std::uint64_t waiting = 0;      ///< likewise
  std::uint64_t granted = 0;      ///< claims since the cluster began; likewise:
  std::uint64_t leases_ended = 0; ///< without a word of their client
  std::uint64_t changes = 0;      ///< of values
  std::uint64_t sessions = 0;     ///< that there are now, and
  std::uint64_t keys = 0;

  friend bool operator==(const CoordinationCounts&, const CoordinationCounts&) = default;
};

} // namespace stos::coordination

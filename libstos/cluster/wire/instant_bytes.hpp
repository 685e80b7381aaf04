#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/causal/event_key.hpp"

namespace stos::detail {

// Instants between nodes: every bit of each number. What may not be, the callers know.
//
// Threads: none inside.

inline void write_instant(const Instant& instant, BytesWriter& out) {
  out.f64(instant.absorption);
  out.f64(instant.emission);
  out.u32(instant.depth);
}

[[nodiscard]] inline Instant read_instant(BytesReader& in) {
  Instant instant;
  instant.absorption = in.f64();
  instant.emission = in.f64();
  instant.depth = in.u32();
  return instant;
}

} // namespace stos::detail

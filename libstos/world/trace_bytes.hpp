#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/world/trace.hpp"

#include <deque>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

// Records of a trace as bytes. That they could not be read, the reader tells.
//
// Threads: none inside.

void write_trace(std::span<const TraceRecord> trace, BytesWriter& out);

/// Appends to `trace`. The names of types go to `names`, which has to outlive it.
void read_trace(std::vector<TraceRecord>& trace, std::deque<std::string>& names, BytesReader& in);

} // namespace stos::detail

#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/world/run_summary.hpp"

namespace stos::detail {

// The counters of a run as bytes. That they could not be read, the reader tells.
//
// Threads: none inside.

void write_counters(const RunCounters& counters, BytesWriter& out);
void read_counters(RunCounters& counters, BytesReader& in);

} // namespace stos::detail

#pragma once

#include "libstos/agent/run_options.hpp"
#include "libstos/agent/trace.hpp"

#include <vector>

namespace stos::detail {

/// Writes the trace to the file that the options name, if they name one. Throws UsageError
/// (io_error).
void write_trace(const RunOptions& options, std::vector<TraceRecord> records);

} // namespace stos::detail

#pragma once

#include "libstos/engine/execution.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

// The limits for what a run reports and traces, once it is over: they are for all nodes together.
//
// The first report too many is a failure of the run at its time, if nothing has failed up to then.
// Meanwhile each domain takes care that it keeps no more than can count (RecordCut). A trace is not
// part of the run: it has its first lines, and the run goes on to its end, which is an error then.

/// `records` were made, on all nodes.
void enforce_trace_limit(const RunOptions& options, std::uint64_t records,
                         std::optional<Failure>& failure);

/// `reports` are those of all nodes, and of the set-up.
void enforce_report_limit(const RunOptions& options, std::vector<Report>& reports,
                          std::optional<Failure>& failure);

} // namespace stos::detail

#pragma once

#include "libstos/engine/execution.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

/// The limits for what a run records, trace and reports, once it is over: they are for all records
/// together, in the order of their times, whichever domains and nodes have made them.
///
/// The first record too many is a failure of the run at its time, if nothing has failed up to then.
/// Meanwhile each domain takes care that it keeps no more than can count (RecordCut).

/// `trace` is what this node has of it, `times_elsewhere` are those of all records that it has not.
/// Keeps no more records than allowed, the first ones, and none after a failure: some domains have
/// been ahead of it.
void enforce_trace_limit(const RunOptions& options, std::vector<TraceRecord>& trace,
                         const std::vector<double>& times_elsewhere,
                         std::optional<Failure>& failure);

/// `reports` are those of all nodes, and of the set-up.
void enforce_report_limit(const RunOptions& options, std::vector<Report>& reports,
                          std::optional<Failure>& failure);

} // namespace stos::detail

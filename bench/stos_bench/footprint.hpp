#pragma once

#include "bench/stos_bench/report.hpp"
#include "libstos/options/run_options.hpp"

namespace stos::bench {

/// What a lattice of idle agents costs, each with six channels out and six in.
struct Footprint {
  double bytes_per_agent = 0; ///< resident memory in the middle of the run, everything counted
  double create_s = 0;        ///< from the first `new` until the first event can happen
  double delete_s = 0;        ///< from the last event until all are deleted
};

/// Measured with one worker, in a child process.
[[nodiscard]] Result<Footprint> measure_footprint(std::uint32_t agents, const RunOptions& options);

/// Medians of several measurements of `agents` agents.
[[nodiscard]] std::vector<Verdict> verdicts_of(const std::vector<Footprint>& footprints,
                                               std::uint32_t agents);

} // namespace stos::bench

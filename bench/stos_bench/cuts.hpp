#pragma once

#include "bench/stos_bench/report.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/run_options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stos::bench {

/// What cuts of a lattice cost that one worker runs, each stored in a folder while it goes on.
struct CutCosts {
  std::uint32_t agents = 0;
  double every_s = 0;          ///< wall-clock time between two cuts
  double lost = 0;             ///< of the rate, with a cut every so often: 0.05 is 5 %
  double first_pause_s = 0;    ///< during which nothing happens
  double pause_s = 0;          ///< of the other cuts, the median
  double memory_per_agent = 0; ///< bytes before the first cut
  double peak_per_agent = 0;   ///< bytes, at most
  double stored_per_agent = 0; ///< bytes of a cut on the disk
  double set_up_s = 0;         ///< until the first event of a run from the beginning
  double restart_s = 0;        ///< until the first event of a run that goes on from the last cut
};

/// Measures in child processes, for about `pairs` times twice a window. Cuts and stretches without
/// one take turns within one run, so that what drifts on the machine cancels: in each pair, what
/// happens in `window_s` without a cut is compared with what happens in as much that begins with
/// one. What a cut costs must be over by then.
[[nodiscard]] Result<CutCosts> measure_cuts(std::uint32_t agents, double every_s, double window_s,
                                            int pairs, const RunOptions& options);

/// How much a second cut of a crowd of idle agents stores, of whom one in a hundred has done
/// something since the first one, as a part of that.
[[nodiscard]] Result<double> measure_second_cut(std::uint32_t agents, const RunOptions& options);

[[nodiscard]] std::vector<Verdict> verdicts_of(const CutCosts& costs);
[[nodiscard]] TextTable cuts_table(const std::vector<CutCosts>& all);

} // namespace stos::bench

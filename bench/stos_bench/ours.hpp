#pragma once

#include "bench/stos_bench/model.hpp"
#include "libstos/options/run_options.hpp"
#include "libstos/world/run_summary.hpp"

namespace stos::bench {

/// How one run of a model on libstos went.
struct OurRun {
  std::uint64_t hops = 0;
  std::uint64_t digest = 0; ///< of the model; that of the definition if is_exact(model)
  std::uint64_t ties = 0;   ///< equal ticks at one agent, in another order than in the definition
  double setup_s = 0;       ///< from the first `new` to the call of run()
  double active_s = 0;      ///< from the first hop to about the last one, what hops/s refers to
  RunSummary summary;
};

/// Runs `model` to `end_time_s` with the public API. `options.workers` chooses the engine.
///
/// As with the reference engines, the time to create agents and to delete them is not part of
/// `active_s`; it is judged by itself. The last hop's time is known to within the last 2 % of the
/// lab time.
[[nodiscard]] OurRun run_ours(const Model& model, double end_time_s, RunOptions options);

} // namespace stos::bench

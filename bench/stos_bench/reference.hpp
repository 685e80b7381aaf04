#pragma once

#include "bench/stos_bench/model.hpp"

namespace stos::bench {

/// Hand-written engines without actors, channels, motion or generality: the yardsticks.
enum class ReferenceEngine {
  queue,  ///< one std::priority_queue for all
  window, ///< bulk-synchronous windows as long as the least distance; buckets, no queue
  yawns   ///< a heap per thread, windows that begin at the earliest event of all
};

struct ReferenceRun {
  std::uint64_t hops = 0;
  std::uint64_t digest = 0;
  double wall_time_s = 0; ///< without set-up
};

/// Runs `model` to `end_time_s`. The engine `queue` has one thread, and `window` refuses
/// (UsageError) a model whose longest delay is more than 65,536 of its windows.
///
/// Threads are pinned to processors, as somebody who writes such an engine would do.
[[nodiscard]] ReferenceRun run_reference(const Model& model, double end_time_s,
                                         ReferenceEngine engine, std::uint32_t threads = 1);

} // namespace stos::bench

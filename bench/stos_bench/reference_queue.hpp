#pragma once

#include "bench/stos_bench/reference.hpp"
#include "bench/stos_bench/reference_models.hpp"
#include "bench/stos_bench/stopwatch.hpp"

#include <queue>

namespace stos::bench {

/// The textbook: one priority queue, the earliest event first.
template <ReferenceModel M>
[[nodiscard]] ReferenceRun run_queue(const M& model, ReferenceStart start, std::uint64_t end) {
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return is_before(b, a); }
  };
  std::priority_queue<Event, std::vector<Event>, Later> queue(Later(), std::move(start.events));
  ReferenceRun run;
  const Stopwatch stopwatch;
  while (queue.top().time < end) {
    const Event event = queue.top();
    const Event next = model.handle(start.agents[event.agent], event);
    queue.pop();
    queue.push(next);
    ++run.hops;
  }
  run.wall_time_s = stopwatch.seconds();
  run.digest = fold_digest(start.agents);
  return run;
}

} // namespace stos::bench

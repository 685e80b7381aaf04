#include "libstos/agent/engine.hpp"

#include <cmath>

namespace stos {

SimulationError::SimulationError(Error error, RunSummary summary)
    : std::runtime_error("simulation failed: " + std::string(to_string(error.code)) + ": " +
                         error.context),
      error_(std::move(error)), summary_(std::move(summary)) {}

namespace detail {

RunSummary conclude(const World& world, const RunCounters& counters, std::string engine,
                    double wall_time_s, const std::optional<Failure>& failure,
                    const EngineCounters& engine_counters, std::vector<Report> reports) {
  RunSummary summary;
  static_cast<RunCounters&>(summary) = counters;
  summary.engine = std::move(engine);
  const double end_time = world.end_time.load();
  summary.end_time = std::isfinite(end_time) ? end_time : counters.last_event_time;
  summary.wall_time_s = wall_time_s;
  summary.engine_counters = engine_counters;
  summary.reports = Reports(std::move(reports));
  summary.is_complete = !failure;
  if (failure)
    throw SimulationError(failure->error, std::move(summary));
  return summary;
}

} // namespace detail
} // namespace stos

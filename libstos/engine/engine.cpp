#include "libstos/engine/engine.hpp"

#include "libstos/engine/record_limits.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace stos {

SimulationError::SimulationError(Error error, RunSummary summary)
    : std::runtime_error("simulation failed: " + std::string(to_string(error.code)) + ": " +
                         error.context),
      error_(std::move(error)), summary_(std::move(summary)) {}

namespace detail {

RunSummary conclude(const World& world, const RunCounters& counters, std::string engine,
                    double wall_time_s, std::optional<Failure> failure,
                    const EngineCounters& engine_counters, std::vector<Report> reports) {
  const std::vector<Report>& of_setup = world.setup.reports;
  std::copy(of_setup.begin(), of_setup.end(), std::back_inserter(reports));
  enforce_report_limit(world.options, reports, failure);
  RunSummary summary;
  static_cast<RunCounters&>(summary).add(world.counters_before);
  static_cast<RunCounters&>(summary).add(counters);
  summary.engine = std::move(engine);
  const double end_time = world.end_time.load();
  summary.end_time = std::isfinite(end_time) ? end_time : summary.last_event_time;
  summary.wall_time_s = wall_time_s;
  summary.engine_counters = engine_counters;
  summary.reports = Reports(std::move(reports));
  summary.observations = Observations(world.observers.all_seen());
  summary.all_values = world.options.values;
  summary.cuts = world.cuts;
  summary.began_from = world.began_from;
  summary.is_complete = !failure || failure->error.code == Errc::trace_full;
  if (failure) {
    summary.end_time = std::min(summary.end_time, failure->key.instant.absorption);
    throw SimulationError(failure->error, std::move(summary));
  }
  return summary;
}

} // namespace detail
} // namespace stos

#pragma once

#include "libstos/engine/execution.hpp"
#include "libstos/engine/serial_engine.hpp"
#include "libstos/world/run_summary.hpp"

#include <stdexcept>

namespace stos {

/// A run ended because of the model: its own exception, or a misuse of the library. Says which
/// agent did what, and where in spacetime.
class SimulationError : public std::runtime_error {
public:
  SimulationError(Error error, RunSummary summary);

  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] const RunSummary& summary() const { return summary_; } ///< up to the failure

private:
  Error error_;
  RunSummary summary_;
};

namespace detail {

/// Puts counters, name of the engine and times together, what the observers of `world` have seen,
/// and the reports of the set-up to those of the run. Throws SimulationError for a failure, and for
/// more reports than allowed.
RunSummary conclude(const World& world, const RunCounters& counters, std::string engine,
                    double wall_time_s, std::optional<Failure> failure,
                    const EngineCounters& engine_counters = {}, std::vector<Report> reports = {});

} // namespace detail
} // namespace stos

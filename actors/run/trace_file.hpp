#pragma once

#include "libstos/base/errc.hpp"
#include "libstos/engine/engine.hpp"
#include "libstos/world/trace.hpp"

#include <fstream>
#include <optional>
#include <utility>
#include <vector>

namespace stos::detail {

/// Puts what was recorded before the cut that a run has gone on from to the rest of its trace.
void add_trace_before(const World& world, std::vector<TraceRecord>& records);

/// The file that the options of a run name for its trace; none, if they name none.
///
/// It is opened, and emptied, before the run, so that nobody waits for a run whose trace cannot be
/// written.
class TraceFile {
public:
  /// Throws UsageError (io_error) if the file cannot be opened.
  explicit TraceFile(const RunOptions& options);

  /// Writes all of the trace, and returns what `conclude` does. If the trace could not be written,
  /// the SimulationError says so, too: with the summary, so that nothing else is lost.
  template <class Conclude>
  RunSummary write(std::vector<TraceRecord> records, Conclude&& conclude) {
    const std::optional<Error> problem = write_all(std::move(records));
    if (!problem)
      return conclude();
    try {
      throw SimulationError(*problem, conclude());
    } catch (const SimulationError& error) {
      if (error.summary().is_complete)
        throw;
      throw SimulationError(
          {error.error().code, error.error().context + "; besides, " + problem->context},
          error.summary());
    }
  }

private:
  [[nodiscard]] std::optional<Error> write_all(std::vector<TraceRecord> records);

  std::string path_;
  std::ofstream file_;
};

} // namespace stos::detail

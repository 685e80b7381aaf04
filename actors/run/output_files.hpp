#pragma once

#include "libstos/base/errc.hpp"
#include "libstos/engine/engine.hpp"

#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// The files that the options of a run name for its summary, its reports and what observers have
/// seen; none, if they name none. Its trace and what agents record are written meanwhile, see
/// OutputStreams.
///
/// They are opened, and emptied, before the run, so that no user waits for a run whose
/// outcome cannot be written.
class OutputFiles {
public:
  /// Throws UsageError (io_error) if a file cannot be opened.
  explicit OutputFiles(const RunOptions& options);

  /// Writes the summary, the reports and the observations, and returns what `conclude` does, or
  /// throws its SimulationError. If something could not be written, of these or while the run went
  /// on (`unwritten`), the SimulationError says so, too: with the summary, so that nothing else is
  /// lost.
  template <class Conclude>
  RunSummary write(const std::optional<Error>& unwritten, Conclude&& conclude) {
    RunSummary summary;
    std::optional<Error> failure;
    try {
      summary = conclude();
    } catch (const SimulationError& error) {
      summary = error.summary();
      failure = error.error();
    }
    const auto text = [&] { return to_json(summary, failure) + "\n"; };
    const auto seen = [&] { return summary.observations.to_csv(); };
    const auto reported = [&] { return csv_of(summary.reports); };
    for (const std::optional<Error>& each :
         {unwritten, observations_.write(seen), reports_.write(reported), summary_.write(text)})
      if (each && failure)
        failure->context += "; besides, " + each->context;
      else if (each)
        failure = each;
    if (failure)
      throw SimulationError(*failure, std::move(summary));
    return summary;
  }

private:
  class File {
  public:
    File(const char* what, const std::string& path);
    [[nodiscard]] std::optional<Error> write(const std::function<std::string()>& text);

  private:
    [[nodiscard]] Error cannot_write(const char* why) const;

    const char* what_;
    std::string path_; // empty: there is none
    std::ofstream file_;
  };

  File summary_;
  File observations_;
  File reports_;
};

} // namespace stos::detail

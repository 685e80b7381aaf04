#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/experiment/plan.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stos::program {

/// What one run has come to. Plain values.
struct RunResult {
  std::string failure; ///< one line; empty: it went well
  int exit_code = 0;
  double wall_time_s = 0;
  std::string digest; ///< empty: it has written no summary
  std::string value_digest;
  std::vector<std::string> counters;           ///< as summary_counters() names them
  std::vector<std::optional<double>> outcomes; ///< of the plan; none: there was no report
  std::vector<std::vector<double>> series;     ///< of the plan

  friend bool operator==(const RunResult&, const RunResult&) = default;
};

/// Reads the summary of a run (RunOptions::summary_path) into `result`, with the error that it
/// tells of as the failure. `name` stands for the file in error texts. Fails with Errc::bad_message
/// if it is none.
[[nodiscard]] Result<void> read_summary(const std::string& name, const std::string& text,
                                        RunResult& result);

/// What a run has written; what the plan has no need of may be empty.
struct RunTables {
  std::string_view reports;      ///< RunOptions::reports_path
  std::string_view observations; ///< RunOptions::observations_path
};

/// Makes the outcomes and series of `plan` of a run's tables and of its counters. Reports of true
/// and false are 1 and 0.
///
/// Fails with Errc::bad_message if a table is none, a report that a number is needed of is none, or
/// an observer or a column is not there.
[[nodiscard]] Result<void> add_outcomes(const ExperimentPlan& plan, const RunTables& tables,
                                        RunResult& result);

} // namespace stos::program

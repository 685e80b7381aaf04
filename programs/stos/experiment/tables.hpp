#pragma once

#include "programs/stos/experiment/outcomes.hpp"
#include "programs/stos/experiment/plan.hpp"
#include "programs/stos/experiment/statistics.hpp"

#include <map>
#include <string>
#include <vector>

namespace stos::program {

/// The results that there are, by the number of the run.
using Results = std::map<std::size_t, RunResult>;

/// Estimates at one point: of the outcomes of a plan, and of its series at each time. Of runs that
/// have failed nothing is in them.
struct PointEstimates {
  std::vector<Estimate> outcomes;
  std::vector<std::vector<Estimate>> series;
};

/// One for each point of the plan.
[[nodiscard]] std::vector<PointEstimates> estimates(const ExperimentPlan& plan,
                                                    const Results& results);

// Tables as RFC 4180 has them, with a header; numbers read back exactly. What is not there is an
// empty field. Nothing in them depends on the clock, or on how many runs went on at once.

/// A line for each run that has ended: its point and parameters, what its summary says, outcomes,
/// and why it has failed.
[[nodiscard]] std::string table_of_runs(const ExperimentPlan& plan, const Results& results);

/// A line for each point and outcome: over how many runs, mean, deviation, confidence interval.
[[nodiscard]] std::string table_of_points(const ExperimentPlan& plan,
                                          const std::vector<PointEstimates>& points);

/// A line for each point, series and time.
[[nodiscard]] std::string table_of_series(const ExperimentPlan& plan,
                                          const std::vector<PointEstimates>& points);

/// What will be run, for people: the points, and the seeds of their replications.
[[nodiscard]] std::string table_of_plan(const ExperimentPlan& plan);

} // namespace stos::program

#pragma once

#include "programs/stos/experiment/tables.hpp"

#include <string>
#include <vector>

namespace stos::program {

/// A file of an experiment's folder.
struct PictureFile {
  std::string name; ///< "wait-over-arrivals.svg"
  std::string svg;
};

/// The charts of an experiment: each outcome over each parameter that has several numbers as
/// values, with a curve for each choice of the other parameters, and each series over time, with a
/// curve for each point; bands are confidence intervals. Of many curves the first eight are drawn,
/// and the chart says so. Of random designs, points are dots with bars.
[[nodiscard]] std::vector<PictureFile> pictures_of(const ExperimentPlan& plan,
                                                   const std::vector<PointEstimates>& points);

} // namespace stos::program

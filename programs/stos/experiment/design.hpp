#pragma once

#include "programs/stos/experiment/plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace stos::program {

/// Each value of each parameter with each value of all others; the last parameter changes fastest.
/// @pre all parameters have values
[[nodiscard]] std::vector<std::vector<std::string>>
grid_points(const std::vector<Parameter>& parameters);

/// `count` points at random, each number of an interval and each value of a list being equally
/// likely. `design` is uniform, where all are independent, or latin_hypercube: of each parameter,
/// one value lies in each of `count` equal parts of what it may be. The same seed gives the same
/// points on every machine.
///
/// Source: M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting
/// values of input variables in the analysis of output from a computer code" (1979).
[[nodiscard]] std::vector<std::vector<std::string>>
random_points(const std::vector<Parameter>& parameters, Design design, std::size_t count,
              std::uint64_t seed);

/// `count` numbers from `low` to `high`, both included, at equal distances, or equal ratios.
[[nodiscard]] std::vector<std::string> steps_between(const Parameter::Interval& interval,
                                                     std::size_t count);

} // namespace stos::program

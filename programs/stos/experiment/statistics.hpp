#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace stos::program {

/// What replications say about a number.
struct Estimate {
  std::size_t count = 0;
  double mean = 0;
  std::optional<double> deviation; ///< of the sample (n - 1); none of fewer than two values
  std::optional<double> half;      ///< the confidence interval is mean - half to mean + half

  [[nodiscard]] double low() const { return mean - half.value_or(0); }
  [[nodiscard]] double high() const { return mean + half.value_or(0); }
};

/// The mean of `values` and its confidence interval, as if they were independent and normal:
/// half = t s / sqrt(n), where t is student_t(n - 1, confidence).
/// Source: A. M. Law, "Simulation Modeling and Analysis", 5th edition (2015), section 4.5.
[[nodiscard]] Estimate estimate(std::span<const double> values, double confidence);

/// The t for which a number of Student's distribution with `freedom` degrees lies in [-t, t] with
/// this probability. Accurate to about 1e-12 of it; the same bits on every machine.
/// @pre freedom > 0, 0 < probability < 1
/// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 26.7.3 and 26.7.4,
/// which are finite sums; their inverse by bisection.
[[nodiscard]] double student_t(std::size_t freedom, double probability);

} // namespace stos::program

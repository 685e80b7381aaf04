#include "programs/stos/experiment/statistics.hpp"

#include "libstos/base/portable_math.hpp"

#include <cmath>
#include <numbers>

namespace stos::program {
namespace {

/// The probability of [-t, t]; `t` is at least 0.
double probability_within(double t, std::size_t freedom) {
  const auto n = static_cast<double>(freedom);
  const double sine = t / std::sqrt(n + t * t);
  const double square = n / (n + t * t); // of the cosine
  const bool is_odd = freedom % 2 == 1;
  double sum = 0;
  double term = is_odd ? std::sqrt(square) : 1;
  // Each term is the one before, times a number below 1: what is left is soon too small to count.
  constexpr double negligible = 1e-18;
  for (double k = is_odd ? 3 : 2; k <= n && term > negligible * sum; k += 2) {
    sum += term;
    term *= square * (k - 1) / k;
  }
  if (!is_odd)
    return sine * sum;
  const double angle = portable_atan2(t, std::sqrt(n));
  return 2 / std::numbers::pi * (angle + sine * sum);
}

} // namespace

double student_t(std::size_t freedom, double probability) {
  double low = 0;
  double high = 1;
  while (probability_within(high, freedom) < probability && high < 1e300)
    high *= 2;
  for (;;) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high)
      return high;
    (probability_within(middle, freedom) < probability ? low : high) = middle;
  }
}

Estimate estimate(std::span<const double> values, double confidence) {
  Estimate result;
  result.count = values.size();
  if (values.empty())
    return result;
  const auto n = static_cast<double>(values.size());
  for (const double value : values)
    result.mean += value;
  result.mean /= n;
  if (values.size() < 2)
    return result;
  double squares = 0;
  for (const double value : values)
    squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / (n - 1));
  result.half = student_t(values.size() - 1, confidence) * *result.deviation / std::sqrt(n);
  return result;
}

} // namespace stos::program

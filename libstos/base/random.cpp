#include "libstos/base/random.hpp"

namespace stos {

// log(m * 2^k) = k ln 2 + 2 artanh(s), s = (m - 1) / (m + 1), with m in [sqrt(1/2), sqrt(2)) so
// that |s| < 0.1716 and eleven terms of the odd series leave an error below 2^-56.
double portable_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 0;
  for (int n = 21; n >= 3; n -= 2)
    series = (series + 1.0 / n) * s2;
  constexpr double ln2_high = 0x1.62e42fefa38p-1; // trailing zeros: exponent * ln2_high is exact
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  return exponent * ln2_high + (2 * s + (2 * s * series + exponent * ln2_low));
}

double RandomStream::exponential(double mean) { return -mean * portable_log(1.0 - uniform()); }

// Marsaglia's polar method: rejection, one logarithm, one square root, no trigonometry.
double RandomStream::normal() {
  for (;;) {
    const double u = uniform(-1, 1);
    const double v = uniform(-1, 1);
    const double s = u * u + v * v;
    if (s > 0 && s < 1)
      return u * std::sqrt(-2 * portable_log(s) / s);
  }
}

} // namespace stos

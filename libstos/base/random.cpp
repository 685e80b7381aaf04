#include "libstos/base/random.hpp"

#include "libstos/base/portable_math.hpp"

#include <cmath>

namespace stos {

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

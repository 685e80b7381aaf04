#include "libstos/spacetime/space.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <cmath>

namespace stos {

Space Space::torus(double x, double y, double z) {
  Space space;
  space.period_ = {x, y, z};
  for (double p : space.period_) {
    if (!(p >= 0) || !std::isfinite(p))
      throw UsageError(Errc::bad_argument, "the period of a torus must be positive, or 0 for an "
                                           "endless axis, but it was given " +
                                               exact_text(p));
    space.periodic_ |= p > 0;
  }
  return space;
}

std::array<double, 3> Space::displacement(const Point& a, const Point& b) const {
  std::array<double, 3> d{b[1] - a[1], b[2] - a[2], b[3] - a[3]};
  if (periodic_)
    for (std::size_t i = 0; i < 3; ++i)
      if (period_[i] > 0)
        d[i] -= period_[i] * std::nearbyint(d[i] / period_[i]);
  return d;
}

double Space::distance(const Point& a, const Point& b) const {
  const auto d = displacement(a, b);
  const double squares = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  if (!std::isfinite(squares)) [[unlikely]]
    return std::hypot(d[0], d[1], d[2]);
  return std::sqrt(squares);
}

} // namespace stos

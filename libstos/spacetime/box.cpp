#include "libstos/spacetime/box.hpp"

#include <algorithm>
#include <cmath>

namespace stos {

void Box::include(const Point& p) {
  for (std::size_t i = 0; i < 3; ++i) {
    low_[i] = std::min(low_[i], p[i + 1]);
    high_[i] = std::max(high_[i], p[i + 1]);
  }
}

// Along a periodic axis the image of the box whose middle is nearest is the nearest one.
double Box::distance(const Point& p, const Space& space) const {
  if (empty())
    return infinity;
  std::array<double, 3> outside{};
  double scale = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double half = 0.5 * (high_[i] - low_[i]);
    double d = p[i + 1] - (low_[i] + half);
    if (const double period = space.period(i); period > 0)
      d -= period * std::nearbyint(d / period);
    outside[i] = std::max(0.0, std::abs(d) - half);
    scale += std::abs(p[i + 1]) + std::abs(low_[i]) + std::abs(high_[i]) + space.period(i);
  }
  const double squares =
      outside[0] * outside[0] + outside[1] * outside[1] + outside[2] * outside[2];
  const double distance =
      std::isfinite(squares) ? std::sqrt(squares) : std::hypot(outside[0], outside[1], outside[2]);
  return std::max(0.0, distance - 0x1p-48 * scale);
}

} // namespace stos

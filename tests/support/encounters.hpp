#pragma once

#include "libstos/base/random.hpp"
#include "libstos/spacetime/light_cone.hpp"

#include <array>
#include <cmath>

namespace stos::test {

/// A number whose logarithm is uniform: as likely tiny as huge.
inline double log_uniform(RandomStream& random, double low, double high) {
  return low * std::pow(high / low, random.uniform());
}

inline std::array<double, 3> random_direction(RandomStream& random) {
  for (;;) {
    const std::array<double, 3> d{random.normal(), random.normal(), random.normal()};
    const double length = std::hypot(d[0], d[1], d[2]);
    if (length > 1e-3)
      return {d[0] / length, d[1] / length, d[2] / length};
  }
}

inline Velocity<4> velocity_along(const std::array<double, 3>& direction, double speed) {
  return {speed * direction[0], speed * direction[1], speed * direction[2]};
}

/// At rest, creeping, moderate, or as close to the speed of light as `slowness_min` = 1 - |u|.
inline Velocity<4> random_velocity(RandomStream& random, double slowness_min = 1e-13) {
  double speed = 0;
  switch (random.below(5)) {
    case 0: return {};
    case 1: speed = log_uniform(random, 1e-12, 1e-3); break;
    case 2: speed = 1 - log_uniform(random, slowness_min, 1e-2); break;
    default: speed = random.uniform(0, 0.95); break;
  }
  return velocity_along(random_direction(random), speed);
}

/// A point somewhere within `scale` of `origin`, in space and in time.
inline Point random_point(RandomStream& random, const Point& origin, double scale) {
  Point p = origin;
  for (std::size_t i = 0; i < 4; ++i)
    p[i] += random.uniform(-scale, scale);
  return p;
}

/// 1 / (1 - u^2) of `v`, by which rounding errors of a crossing grow.
inline double amplification(const Velocity<4>& v) { return v.gamma() * v.gamma(); }

/// How large the numbers are that a crossing is computed from.
inline double magnitude(const Point& p) {
  return std::abs(p[0]) + std::abs(p[1]) + std::abs(p[2]) + std::abs(p[3]);
}

} // namespace stos::test

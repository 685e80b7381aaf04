#pragma once

#include "libstos/spacetime/minkowski.hpp"

#include <array>

namespace stos {

/// The shape of space: endless, or closed upon itself with a period along some of its axes.
///
/// In a periodic space (a torus) coordinates stay unwrapped, and each light cone is seen from all
/// its images: what counts between two agents is the nearest one.
class Space {
public:
  /// Endless along every axis.
  constexpr Space() = default;

  /// Periods along x, y, z in light-seconds; 0 leaves an axis endless. Throws UsageError for a
  /// period that is negative, infinite or not a number.
  static Space torus(double x, double y = 0, double z = 0);

  [[nodiscard]] bool periodic() const { return periodic_; }
  [[nodiscard]] double period(std::size_t axis) const { return period_[axis]; }

  /// The spatial vector from `a` to the nearest image of `b`.
  [[nodiscard]] std::array<double, 3> displacement(const Point& a, const Point& b) const;

  /// Its length: how long light takes from `a` to `b`.
  [[nodiscard]] double distance(const Point& a, const Point& b) const;

private:
  std::array<double, 3> period_{};
  bool periodic_ = false;
};

} // namespace stos

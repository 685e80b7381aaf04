#pragma once

#include "libstos/spacetime/space.hpp"

#include <array>
#include <limits>

namespace stos {

/// The least box, parallel to the axes, that holds some places; in periodic space with unwrapped
/// coordinates, as those of agents are.
class Box {
public:
  void include(const Point& p);

  [[nodiscard]] bool empty() const { return low_[0] > high_[0]; }

  /// A distance that light from anywhere in the box has to travel at least to reach `p`, less a
  /// margin that is wider than all rounding errors. 0 inside; infinite for an empty box.
  [[nodiscard]] double distance(const Point& p, const Space& space) const;

private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  std::array<double, 3> low_{infinity, infinity, infinity};
  std::array<double, 3> high_{-infinity, -infinity, -infinity};
};

} // namespace stos

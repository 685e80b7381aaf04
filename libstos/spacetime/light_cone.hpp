#pragma once

#include "libstos/spacetime/space.hpp"
#include "libstos/spacetime/trajectory.hpp"

namespace stos {

/// Where worldlines cross light cones. All times are laboratory times.
///
/// Source of the form that is used: the retarded-time equation |x(T) - e| = T - e0, solved in the
/// frame of the lab with d = e - x(e0) and w = gamma u.d as T = e0 + gamma (sqrt(d^2 + w^2) - w),
/// with the conjugate for w > 0. The textbook root of the quadratic in the age of the anchor
/// cancels: it is off by 1e-3 s at an age of 1e6 s and not a number at 1e8 s.
namespace light_cone {

/// Whether `y` lies on or inside the future light cone of `x`, give or take `tolerance` in time.
[[nodiscard]] bool contains(const Point& x, const Point& y, const Space& space,
                            double tolerance = 0);

/// The time at which a lambda emitted at `emission` is absorbed: the earliest point of `path`, not
/// before its anchor, on or inside the future cone. Monotone enough that no agent sees an effect
/// before its cause: never below the emission time. For an agent at rest exactly emission time +
/// distance.
[[nodiscard]] double absorption_time(const Point& emission, const Trajectory& path,
                                     const Space& space);

/// A time below the absorption, as `absorption_time` will compute it, of everything that can still
/// be caused by an agent on `source` no earlier than at `horizon`, however it turns afterwards.
/// By the triangle inequality that is the crossing of the cone at `source.position(horizon)`, less
/// a margin that is wider than all rounding errors (2^-48 of the magnitudes involved).
[[nodiscard]] double absorption_bound(const Trajectory& source, double horizon,
                                      const Trajectory& path, const Space& space);

/// The distance between two agents at rest, less the same kind of margin: whatever the one emits at
/// time t or later reaches the other no earlier than `arrival_bound(t, resting_distance(...))`.
[[nodiscard]] double resting_distance(const Trajectory& source, const Trajectory& path,
                                      const Space& space);

/// The same where the distance is known already.
[[nodiscard]] double resting_bound(double distance, const Trajectory& source,
                                   const Trajectory& path);

[[nodiscard]] inline double arrival_bound(double horizon, double resting_distance) {
  const double arrival = horizon + resting_distance;
  return arrival * (arrival < 0 ? 1 + 0x1p-48 : 1 - 0x1p-48);
}

/// The same for what passes through up to `steps` agents before it comes to `place`, however it
/// gets there from somewhere at `distance`: each of them rounds. A ray of light is not passed on by
/// an agent twice: it is no earlier there the second time.
[[nodiscard]] double influence_bound(double horizon, double distance, const Point& place,
                                     std::size_t steps);

} // namespace light_cone

} // namespace stos

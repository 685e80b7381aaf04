#include "libstos/spacetime/light_cone.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stos::light_cone {
namespace {

using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// Time from the emission to the crossing, for an agent that sees the emission at `d` from itself.
// Distances whose squares are no numbers any more are measured in larger units.
double flight_time(const Vector& d, const Velocity<4>& v) {
  const double w = v.gamma() * (v[0] * d[0] + v[1] * d[1] + v[2] * d[2]);
  const double d2 = dot(d, d);
  const double root = std::sqrt(d2 + w * w);
  if (!std::isfinite(root)) [[unlikely]] {
    constexpr double unit = 0x1p600;
    constexpr double farthest = 0x1p1022;
    const double most = std::max({std::abs(d[0]), std::abs(d[1]), std::abs(d[2])});
    if (!(most < farthest))
      return std::numeric_limits<double>::infinity();
    return unit * flight_time({d[0] / unit, d[1] / unit, d[2] / unit}, v);
  }
  if (w > 0)
    return v.gamma() * (d2 / (root + w));
  return v.gamma() * (root - w);
}

// The nearest image at the emission need not be the first whose light meets a moving agent: on its
// way the agent may go round the torus, even many times. Whichever image is nearest to where the
// agent is at an upper bound of the meeting meets it no later than that; when that image is no
// earlier either, nor is any other one. Each round is a new image, and after two or three it ends.
double first_flight_time(const Vector& nearest, const Velocity<4>& v, const Space& space) {
  double first = flight_time(nearest, v);
  for (;;) {
    Vector d = nearest;
    for (std::size_t i = 0; i < 3; ++i)
      if (const double period = space.period(i); period > 0)
        d[i] -= period * std::nearbyint((d[i] - v[i] * first) / period);
    const double flight = flight_time(d, v);
    if (!(flight < first))
      return first;
    first = flight;
  }
}

constexpr double rounding_margin = 0x1p-48;

double spatial_magnitude(const Point& p) {
  return std::abs(p[1]) + std::abs(p[2]) + std::abs(p[3]);
}

} // namespace

bool contains(const Point& x, const Point& y, const Space& space, double tolerance) {
  return y[0] - x[0] + tolerance >= space.distance(x, y);
}

double absorption_time(const Point& emission, const Trajectory& path, const Space& space) {
  if (path.at_rest())
    return std::max(emission[0] + space.distance(path.anchor(), emission), path.anchor()[0]);
  const Vector d = space.displacement(path.position(emission[0]), emission);
  const double flight = space.periodic() ? first_flight_time(d, path.velocity(), space)
                                         : flight_time(d, path.velocity());
  return std::max(emission[0] + flight, path.anchor()[0]);
}

double absorption_bound(const Trajectory& source, double horizon, const Trajectory& path,
                        const Space& space) {
  const Point earliest = source.position(horizon);
  const double crossing = absorption_time(earliest, path, space);
  if (!std::isfinite(crossing))
    return crossing;
  const double gamma = path.gamma();
  const double scale = std::abs(crossing) + std::abs(horizon) + spatial_magnitude(earliest) +
                       spatial_magnitude(source.anchor()) + spatial_magnitude(path.anchor()) +
                       spatial_magnitude(path.position(horizon));
  return crossing - rounding_margin * gamma * gamma * scale;
}

double resting_distance(const Trajectory& source, const Trajectory& path, const Space& space) {
  return resting_bound(space.distance(path.anchor(), source.anchor()), source, path);
}

double resting_bound(double distance, const Trajectory& source, const Trajectory& path) {
  const double scale = spatial_magnitude(source.anchor()) + spatial_magnitude(path.anchor());
  return std::max(0.0, distance - rounding_margin * scale);
}

double influence_bound(double horizon, double distance, const Point& place, std::size_t steps) {
  const double arrival = horizon + distance;
  if (!std::isfinite(arrival))
    return arrival;
  const double scale = std::abs(horizon) + std::abs(arrival) + spatial_magnitude(place);
  return arrival - (static_cast<double>(steps) + 1) * rounding_margin * scale;
}

} // namespace stos::light_cone

#include "libstos/spacetime/trajectory_bytes.hpp"

#include <cmath>

namespace stos::detail {

void write_point(const Point& p, BytesWriter& out) {
  for (std::size_t i = 0; i < 4; ++i)
    out.f64(p[i]);
}

Point read_point(BytesReader& in) {
  Point p;
  for (std::size_t i = 0; i < 4; ++i)
    p[i] = in.f64();
  return p;
}

void write_velocity(const Velocity<4>& velocity, BytesWriter& out) {
  for (std::size_t i = 0; i < 3; ++i)
    out.f64(velocity[i]);
}

// The root decides, as it does for Velocity, which throws where this says no.
bool read_velocity(BytesReader& in, Velocity<4>& velocity) {
  const double u[3] = {in.f64(), in.f64(), in.f64()};
  if (!in.ok() || !(std::sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]) < 1))
    return false;
  velocity = Velocity<4>(u[0], u[1], u[2]);
  return true;
}

bool is_within_limits(double x) { return std::isfinite(x); }

bool is_within_limits(const Point& p) {
  return is_within_limits(p[0]) && is_within_limits(p[1]) && is_within_limits(p[2]) &&
         is_within_limits(p[3]);
}

void write_trajectory(const Trajectory& path, BytesWriter& out) {
  write_point(path.anchor(), out);
  write_velocity(path.velocity(), out);
  out.f64(path.local_time(path.anchor()[0]));
}

bool read_trajectory(BytesReader& in, Trajectory& path) {
  const Point anchor = read_point(in);
  Velocity<4> velocity;
  if (!read_velocity(in, velocity))
    return false;
  const double local_time = in.f64();
  if (!in.ok() || !is_within_limits(anchor) || !is_within_limits(local_time))
    return false;
  path = Trajectory(anchor, velocity, local_time);
  return true;
}

} // namespace stos::detail

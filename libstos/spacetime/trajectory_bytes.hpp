#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/spacetime/trajectory.hpp"

namespace stos::detail {

/// Places in spacetime and worldlines as bytes: every bit of each number.
///
/// Readers check what would otherwise throw or spoil later arithmetic; the callers know what else
/// may not be.
void write_point(const Point& p, BytesWriter& out);
[[nodiscard]] Point read_point(BytesReader& in);

void write_velocity(const Velocity<4>& velocity, BytesWriter& out);

/// False, and `velocity` is as it was, for what is no velocity below that of light.
[[nodiscard]] bool read_velocity(BytesReader& in, Velocity<4>& velocity);

/// Squares of distances have to stay finite, also as seen by an agent that goes almost at the
/// speed of light.
[[nodiscard]] bool is_within_limits(double x);
[[nodiscard]] bool is_within_limits(const Point& p);

void write_trajectory(const Trajectory& path, BytesWriter& out);

/// False, and `path` is as it was, for what is no worldline, or beyond the limits above.
[[nodiscard]] bool read_trajectory(BytesReader& in, Trajectory& path);

} // namespace stos::detail

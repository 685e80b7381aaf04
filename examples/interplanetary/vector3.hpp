#pragma once

#include <cmath>

namespace interplanetary {

/// A place or a direction in space: three Cartesian components in one frame.
///
/// Units: those of its owner; positions are in light-seconds unless a name says otherwise.
struct Vector3 {
  double x{};
  double y{};
  double z{};

  friend constexpr Vector3 operator+(Vector3 a, Vector3 b) {
    return {a.x + b.x, a.y + b.y, a.z + b.z};
  }
  friend constexpr Vector3 operator-(Vector3 a, Vector3 b) {
    return {a.x - b.x, a.y - b.y, a.z - b.z};
  }
  friend constexpr Vector3 operator*(double s, Vector3 a) { return {s * a.x, s * a.y, s * a.z}; }
  friend constexpr bool operator==(const Vector3&, const Vector3&) = default;
};

constexpr double dot(Vector3 a, Vector3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

constexpr Vector3 cross(Vector3 a, Vector3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

inline double length(Vector3 a) { return std::sqrt(dot(a, a)); }

} // namespace interplanetary

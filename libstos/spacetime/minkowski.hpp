#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <ostream>

namespace stos {

/// A point of flat spacetime, or the vector between two of them: coordinate 0 is time, the other
/// D - 1 are space, in the laboratory frame.
///
/// Units: time in seconds, distance in light-seconds (or any pair with c = 1).
/// `Minkowski<1>` has time alone: all its agents are in one place.
template <int D>
requires(D >= 1 && D <= 4) class Minkowski {
public:
  static constexpr int dimensions = D;

  constexpr Minkowski() = default;

  /// Time first, then the D - 1 spatial coordinates.
  template <class... Coordinates>
  requires(sizeof...(Coordinates) == D &&
           (std::convertible_to<Coordinates, double> && ...)) constexpr Minkowski(Coordinates... x)
      : x_{static_cast<double>(x)...} {}

  constexpr double operator[](std::size_t i) const { return x_[i]; }
  constexpr double& operator[](std::size_t i) { return x_[i]; }
  [[nodiscard]] constexpr double time() const { return x_[0]; }

  constexpr Minkowski& operator+=(const Minkowski& b) {
    for (std::size_t i = 0; i < D; ++i)
      x_[i] += b.x_[i];
    return *this;
  }
  constexpr Minkowski& operator-=(const Minkowski& b) {
    for (std::size_t i = 0; i < D; ++i)
      x_[i] -= b.x_[i];
    return *this;
  }
  constexpr Minkowski& operator*=(double s) {
    for (double& x : x_)
      x *= s;
    return *this;
  }
  friend constexpr Minkowski operator+(Minkowski a, const Minkowski& b) { return a += b; }
  friend constexpr Minkowski operator-(Minkowski a, const Minkowski& b) { return a -= b; }
  friend constexpr Minkowski operator*(Minkowski a, double s) { return a *= s; }
  friend constexpr Minkowski operator*(double s, Minkowski a) { return a *= s; }

  /// The inner product x0 y0 - (x1 y1 + ...): positive between timelike vectors that agree on the
  /// direction of time, 0 along light rays.
  friend constexpr double dot(const Minkowski& a, const Minkowski& b) {
    double product = a.x_[0] * b.x_[0];
    for (std::size_t i = 1; i < D; ++i)
      product -= a.x_[i] * b.x_[i];
    return product;
  }

  friend constexpr bool operator==(const Minkowski&, const Minkowski&) = default;

  friend std::ostream& operator<<(std::ostream& out, const Minkowski& p) {
    out << '(' << p.x_[0];
    for (std::size_t i = 1; i < D; ++i)
      out << ", " << p.x_[i];
    return out << ')';
  }

private:
  std::array<double, std::size_t{D}> x_{};
};

/// The library computes in 3 + 1 dimensions; fewer are the same with zeros behind.
using Point = Minkowski<4>;

template <int D>
[[nodiscard]] constexpr Point embed(const Minkowski<D>& p) {
  Point q;
  for (std::size_t i = 0; i < D; ++i)
    q[i] = p[i];
  return q;
}

/// The first D coordinates of `p`. @pre the others are 0
template <int D>
[[nodiscard]] constexpr Minkowski<D> project(const Point& p) {
  Minkowski<D> q;
  for (std::size_t i = 0; i < D; ++i)
    q[i] = p[i];
  return q;
}

} // namespace stos

#pragma once

#include "libstos/base/exact_text.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/spacetime/minkowski.hpp"

#include <cmath>

namespace stos {

/// A 4-velocity v = gamma (1, u), normalised to v . v = 1, made from the ordinary velocity u.
///
/// It is held as u rather than as four components, because the crossing formula needs u and gamma,
/// and a normalisation after the fact would have to divide rounding errors out again. gamma is
/// computed when it is asked for: most agents are at rest, and there are many of them.
/// Units: u in fractions of the speed of light; |u| < 1, anything else throws UsageError.
template <int D>
class Velocity {
public:
  static constexpr std::size_t space_dimensions = D - 1;

  /// At rest in the laboratory.
  constexpr Velocity() = default;

  /// `Velocity<4>{0.6, 0, 0}`: D - 1 components of the ordinary velocity.
  template <class... Components>
  requires(sizeof...(Components) == D - 1 && D > 1 &&
           (std::convertible_to<Components, double> && ...)) Velocity(Components... u)
      : u_{static_cast<double>(u)...} {
    const double s = speed();
    if (!(s < 1))
      throw UsageError(Errc::faster_than_light, "an agent's speed must be below 1 (the speed of "
                                                "light), but it was given " +
                                                    exact_text(s));
  }

  [[nodiscard]] double operator[](std::size_t i) const { return u_[i]; }
  [[nodiscard]] bool at_rest() const { return speed_squared() == 0; }

  // (1 - s)(1 + s) keeps its digits near s = 1, where 1 - s * s loses them.
  [[nodiscard]] double gamma() const {
    if (at_rest())
      return 1;
    const double s = speed();
    return 1 / std::sqrt((1 - s) * (1 + s));
  }
  [[nodiscard]] double speed() const { return std::sqrt(speed_squared()); }

  /// The vector gamma (1, u).
  [[nodiscard]] Minkowski<D> vector() const {
    Minkowski<D> v;
    const double g = v[0] = gamma();
    for (std::size_t i = 0; i < space_dimensions; ++i)
      v[i + 1] = g * u_[i];
    return v;
  }

  friend bool operator==(const Velocity&, const Velocity&) = default;

  friend std::ostream& operator<<(std::ostream& out, const Velocity& v) {
    out << '(';
    for (std::size_t i = 0; i < space_dimensions; ++i)
      out << (i == 0 ? "" : ", ") << v.u_[i];
    return out << ") c";
  }

private:
  [[nodiscard]] double speed_squared() const {
    double s = 0;
    for (double u : u_)
      s += u * u;
    return s;
  }

  std::array<double, space_dimensions> u_{};
};

template <int D>
[[nodiscard]] Velocity<4> embed(const Velocity<D>& v) {
  if constexpr (D == 4) {
    return v;
  } else {
    std::array<double, 3> u{};
    for (std::size_t i = 0; i < D - 1; ++i)
      u[i] = v[i];
    return Velocity<4>(u[0], u[1], u[2]);
  }
}

/// The first D - 1 components of `v`. @pre the others are 0
template <int D>
[[nodiscard]] Velocity<D> project(const Velocity<4>& v) {
  if constexpr (D == 4)
    return v;
  else if constexpr (D == 3)
    return Velocity<3>(v[0], v[1]);
  else if constexpr (D == 2)
    return Velocity<2>(v[0]);
  else
    return Velocity<1>();
}

} // namespace stos

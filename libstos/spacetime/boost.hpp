#pragma once

#include "libstos/spacetime/velocity.hpp"

namespace stos {

/// The change of frame after which something that moved with velocity `frame` is at rest.
///
/// Boosting every point and velocity of a world leaves its events, their order on each agent and
/// all proper times as they were: that is what makes the order a property of spacetime.
template <int D>
class Boost {
public:
  explicit Boost(const Velocity<D>& frame) : frame_(frame) {}

  /// Coordinates of the event `x` in the new frame (same origin).
  [[nodiscard]] Minkowski<D> operator()(const Minkowski<D>& x) const {
    const double gamma = frame_.gamma();
    double ux = 0;
    for (std::size_t i = 0; i + 1 < D; ++i)
      ux += frame_[i] * x[i + 1];
    Minkowski<D> y;
    y[0] = gamma * (x[0] - ux);
    // gamma^2 / (1 + gamma) is (gamma - 1) / u^2 without the 0 / 0 at rest.
    const double along = gamma * gamma / (1 + gamma) * ux - gamma * x[0];
    for (std::size_t i = 0; i + 1 < D; ++i)
      y[i + 1] = x[i + 1] + along * frame_[i];
    return y;
  }

  /// Relativistic composition of velocities: what moved with `v` moves like this in the new frame.
  [[nodiscard]] Velocity<D> operator()(const Velocity<D>& v) const {
    const Minkowski<D> w = (*this)(v.vector());
    if constexpr (D == 1)
      return {};
    else if constexpr (D == 2)
      return Velocity<2>(w[1] / w[0]);
    else if constexpr (D == 3)
      return Velocity<3>(w[1] / w[0], w[2] / w[0]);
    else
      return Velocity<4>(w[1] / w[0], w[2] / w[0], w[3] / w[0]);
  }

private:
  Velocity<D> frame_;
};

} // namespace stos

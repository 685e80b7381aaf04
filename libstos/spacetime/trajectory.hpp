#pragma once

#include "libstos/spacetime/velocity.hpp"

namespace stos {

/// An agent's straight worldline since its last change of velocity.
///
/// Held as its anchor: the point of that change, not of the last event. A position is always
/// computed from the anchor, so that its rounding cannot depend on the steps in which the agent
/// happened to advance.
class Trajectory {
public:
  Trajectory() = default;

  /// Starts at `anchor`, where the agent's own clock shows `local_time`.
  Trajectory(const Point& anchor, const Velocity<4>& velocity, double local_time = 0)
      : anchor_(anchor), velocity_(velocity), local_time_(local_time) {}

  [[nodiscard]] const Point& anchor() const { return anchor_; }
  [[nodiscard]] const Velocity<4>& velocity() const { return velocity_; }
  [[nodiscard]] double gamma() const { return velocity_.gamma(); }
  [[nodiscard]] bool at_rest() const { return velocity_.at_rest(); }

  /// Where the agent is at laboratory time `time`.
  [[nodiscard]] Point position(double time) const {
    const double dt = time - anchor_[0];
    return {time, anchor_[1] + velocity_[0] * dt, anchor_[2] + velocity_[1] * dt,
            anchor_[3] + velocity_[2] * dt};
  }

  /// What the agent's own clock shows at laboratory time `time`.
  [[nodiscard]] double local_time(double time) const {
    return local_time_ + (time - anchor_[0]) / velocity_.gamma();
  }

  /// The laboratory time at which the agent's own clock shows `local`.
  [[nodiscard]] double laboratory_time(double local) const {
    return anchor_[0] + velocity_.gamma() * (local - local_time_);
  }

  /// The same worldline up to laboratory time `time`, another velocity from there on.
  [[nodiscard]] Trajectory turned(double time, const Velocity<4>& velocity) const {
    return {position(time), velocity, local_time(time)};
  }

private:
  Point anchor_;
  Velocity<4> velocity_;
  double local_time_ = 0;
};

} // namespace stos

#pragma once

#include "libstos/base/exact_text.hpp"
#include "libstos/world/world.hpp"

#include <concepts>

namespace stos {

/// Where agents end: all at one laboratory time.
class LabTimeBoundary {
public:
  constexpr LabTimeBoundary(double end_time) : end_time_(end_time) {} // NOLINT: start(100)
  [[nodiscard]] double end_time() const { return end_time_; }

private:
  double end_time_;
};

/// A user's own boundary: `exit_time` says at which laboratory time an agent on `trajectory` leaves
/// (infinite: never). It is asked again whenever the agent turns, and must be a pure function. No
/// number, or a time before the trajectory's anchor, fails the run, and so does what it throws:
/// with an error that names the agent. `end_time`, if it has one, ends what is still there at that
/// laboratory time. A member `at_exit(AgentBase&, const Point&)` is called for each agent right
/// before it is deleted.
template <class B>
concept OwnBoundary = requires(const B& boundary, const Trajectory& trajectory) {
  { boundary.exit_time(trajectory) } -> std::convertible_to<double>;
};

namespace detail {

template <class Boundary>
void set_boundary(World& world, Boundary boundary) {
  if constexpr (requires { boundary.end_time(); })
    world.end_time = boundary.end_time();
  if constexpr (OwnBoundary<Boundary>)
    world.own_boundary = [boundary](const Trajectory& path) { return boundary.exit_time(path); };
  if constexpr (requires(AgentBase & agent, const Point& p) { boundary.at_exit(agent, p); })
    world.at_boundary = [boundary](AgentBase& agent, const Point& p) {
      boundary.at_exit(agent, p);
    };
  if (world.options.end_time_s)
    world.end_time = *world.options.end_time_s;
  if (!(world.end_time.load() > 0) && !OwnBoundary<Boundary>)
    throw UsageError(Errc::bad_argument, "the boundary must be a laboratory time above 0, not " +
                                             exact_text(world.end_time.load()));
}

} // namespace detail
} // namespace stos

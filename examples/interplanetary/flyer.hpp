#pragma once

#include "libstos/stos.hpp"
#include "worldline.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace interplanetary {

using DeepSpace = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>>;

/// An agent that follows the orbit of a mobile: at each node of its worldline it turns towards the
/// next one.
///
/// Each piece is aimed from where the agent really is, so rounding never adds up. What a timer
/// measures is proper time; at() converts.
///
/// It can move to another node: the set-up provides the SolarSystem, the same on all of them.
template <class Derived>
class Flyer : public stos::Agent<Derived, DeepSpace> {
public:
  MobileId mobile() const { return mobile_; }

protected:
  /// Has moved: inspect_flight() follows.
  Flyer() : system_(&this->template provided<SolarSystem>()) {}

  /// Starts at t = 0. `system` must outlive the agent.
  Flyer(const SolarSystem& system, MobileId mobile)
      : Flyer(system, mobile, first_node(system, mobile, 0.0)) {}

  /// Laboratory time: seconds of TDB since the epoch.
  double now_s() const { return this->position().time(); }

  /// Lets the agent do `function(agent)` at the laboratory time `t_s`, or now if that is over.
  /// It comes out right to microseconds: the agent turns now and then on the way there.
  template <class F>
  void at(double t_s, F&& function) {
    this->after(std::max(0.0, t_s - now_s()) / this->velocity.gamma(), std::forward<F>(function));
  }

  /// What all flyers have, for `inspect`.
  template <class Inspector>
  static bool inspect_flight(Inspector& f, Flyer& x) {
    return f.object(x).fields(f.field("mobile", x.mobile_), f.field("node", x.node_));
  }

private:
  Flyer(const SolarSystem& system, MobileId mobile, const WorldlineNode& start)
      : stos::Agent<Derived, DeepSpace>({start.t_s, start.at_ls.x, start.at_ls.y, start.at_ls.z}),
        system_(&system), mobile_(mobile), node_(start) {
    fly_on();
  }

  void fly_on() {
    const auto here = this->position();
    node_ = next_node(*system_, mobile_, node_, std::numeric_limits<double>::infinity());
    const auto u = chord_velocity({here.time(), {here[1], here[2], here[3]}, 0.0}, node_);
    this->velocity = stos::Velocity<4>{u.x, u.y, u.z};
    at(node_.t_s, [](Derived& agent) { static_cast<Flyer&>(agent).fly_on(); });
  }

  const SolarSystem* system_;
  MobileId mobile_{};
  WorldlineNode node_; // the one that it is on the way to
};

} // namespace interplanetary

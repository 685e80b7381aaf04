#pragma once

#include "flyer.hpp"
#include "logbook.hpp"

#include <vector>

namespace interplanetary {

/// How often a body sends its beacon.
inline constexpr double beacon_every_s = 0.25 * seconds_per_day;

/// The Sun, a planet or the Moon. It has no radio, but between two of them a beacon can be set up
/// that measures the light time from centre to centre.
class Body : public Flyer<Body> {
public:
  /// `system` must outlive the agent. What it measured, it reports when it ends: see logbook.hpp.
  Body(const SolarSystem& system, MobileId mobile) : Flyer(system, mobile) {}
  ~Body() override;

  /// Sends a beacon to `to` from now on. @pre during set-up.
  void begin_beacon(Body& to);

private:
  friend struct stos::AgentMaker;
  Body() = default; // it has moved

  template <class Inspector>
  friend bool inspect(Inspector& f, Body& x) {
    return inspect_flight(f, x) &&
           f.object(x).fields(f.field("listeners", x.listeners_), f.field("heard", x.heard_));
  }

  void send_beacon();
  void hear_beacon(MobileId from, double sent_s);

  std::vector<stos::ChannelWriter<Body>> listeners_;
  std::vector<LightTimes> heard_;
};

} // namespace interplanetary

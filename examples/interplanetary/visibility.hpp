#pragma once

#include "ephemeris.hpp"

#include <optional>

/// Who can hear whom, and until when: the pure functions behind a contact plan.
///
/// A link is open for what is emitted at time t when the straight ray from the sender at t to the
/// receiver at the arrival
///   - leaves and reaches surface sites above their elevation masks,
///   - passes by the body that either end circles, and
///   - passes the Sun outside a keep-out sphere, if it crosses between planets: near superior
///     conjunction the corona drowns the signal. The keep-out angle is the Sun-Earth-probe angle;
///     the sphere has the radius that this angle spans at 1 au.
/// A third body in the way (the Moon in front of Mars, a few hours a year) is not modelled.
///
/// Contacts are found by long steps that cannot jump over one: every condition is a distance that
/// is cleared or missed, divided by a bound on how fast it can change. Near its ends a contact is
/// probed every contact_resolution_s: it may open and close that much inside the true contact,
/// never outside, and gaps and contacts shorter than that may be overlooked.
///
/// Units: seconds since the epoch, light-seconds; angles in degrees.
namespace interplanetary {

inline constexpr double contact_resolution_s = 5.0;

/// A link's state for emission at a time, and how long it surely stays so.
struct LinkState {
  bool open{};
  double holds_s{};
};

/// A span of emission times in which a link is open: opens_s <= t < closes_s.
struct Contact {
  double opens_s{};
  double closes_s{};
};

/// Elevation of `target_ls` above the horizon of a surface site at `t_s`.
double elevation_deg(const SolarSystem& system, MobileId site, Vector3 target_ls, double t_s);

/// How far the straight segment from `a` to `b` passes from `center`.
double distance_to_segment(Vector3 a, Vector3 b, Vector3 center);

/// Whether a sphere cuts the straight segment from `a` to `b`.
bool occulted(Vector3 a, Vector3 b, Vector3 center, double radius);

/// The angle between the Sun and `target` as seen from `observer`, both at `t_s`.
double sun_separation_deg(const SolarSystem& system, MobileId observer, MobileId target,
                          double t_s);

/// The state of the link `from` -> `to` for emission at `t_s`.
LinkState link_state(const SolarSystem& system, double sun_keep_out_deg, MobileId from, MobileId to,
                     double t_s);

/// The first contact that is open at or after `t_s`, if it opens before `until_s`. A contact that
/// is already open at `t_s` opens there; one that is still open at `until_s` is cut there.
/// To walk through all contacts, ask again from closes_s + contact_resolution_s.
/// @pre t_s < until_s.
std::optional<Contact> next_contact(const SolarSystem& system, double sun_keep_out_deg,
                                    MobileId from, MobileId to, double t_s, double until_s);

} // namespace interplanetary

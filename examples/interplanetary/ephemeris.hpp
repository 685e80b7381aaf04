#pragma once

#include "solar_system.hpp"

/// Where everything is: pure functions of the published elements and of time.
///
/// Units:   seconds of TDB since the epoch in, light-seconds (or fractions of c) out.
/// Frame:   heliocentric, ecliptic and equinox of J2000.
/// Exact:   the same arguments give the same bits on machines with the same mathematical library.
/// Errors:  inner planets about 10^-4 au (Standish's own bound), Moon about 10^2 km, satellites as
///          good as their elements: phases that are not published are chosen (see the YAML).
/// Sources: E. M. Standish, "Keplerian elements for approximate positions of the major planets",
///          JPL; J. Meeus, "Astronomical Algorithms", ch. 47 (after Chapront's ELP-2000/82); IAU
///          WGCCRE reports for rotation; J2 drift of node and periapsis after Kaula 1966.
namespace interplanetary {

/// Three orthogonal unit vectors, in the heliocentric frame.
struct Axes {
  Vector3 x;
  Vector3 y;
  Vector3 z;
};

/// A satellite's ellipse with what follows from it.
struct OrbitShape {
  double semi_major_axis_km{};
  double eccentricity{};
  double mean_motion_rad_s{};
  double node_rate_rad_s{};
  double periapsis_rate_rad_s{};
};

/// Heliocentric position of `id`.
Vector3 position_ls(const SolarSystem& system, MobileId id, double t_s);

/// The Moon's geocentric position.
Vector3 moon_from_earth_ls(const SolarSystem& system, double t_s);

/// A body's equatorial axes: z to its pole, x to the ascending node of its equator on the ICRF
/// equator. They do not turn with the body.
/// @pre `body` has a rotation.
Axes equatorial_axes(const SolarSystem& system, MobileId body, double t_s);

/// A body's axes that turn with it: z to its pole, x to its prime meridian.
/// @pre `body` has a rotation.
Axes surface_axes(const SolarSystem& system, MobileId body, double t_s);

/// The unit vector that points up at a site: the ellipsoid's normal, or the radius if the site's
/// latitude is planetocentric.
/// @pre `site` is a SurfaceSite.
Vector3 zenith(const SolarSystem& system, MobileId site, double t_s);

/// A site's position in its body's turning axes, in kilometres.
Vector3 site_in_body_km(const Globe& globe, const SurfaceSite& site);

OrbitShape orbit_shape(const Globe& globe, const SatelliteOrbit& orbit);

/// The body that `id` circles or stands on; none for the Sun and for probes and planets, whose
/// motion is heliocentric.
std::optional<MobileId> parent(const SolarSystem& system, MobileId id);

/// An upper bound on the speed of `id` relative to its parent, as a fraction of c.
double speed_bound(const SolarSystem& system, MobileId id);

/// An upper bound on the speed at which `a` and `b` move relative to each other.
double relative_speed_bound(const SolarSystem& system, MobileId a, MobileId b);

/// Where and when light reaches a mobile.
struct Arrival {
  double t_s{};
  Vector3 at_ls;
};

/// The arrival at `to` of light that leaves `from` at `t_s`; exact to a nanosecond.
Arrival light_arrival(const SolarSystem& system, MobileId from, MobileId to, double t_s);

/// How long light that leaves `from` at `t_s` is on its way to `to`.
double light_time_s(const SolarSystem& system, MobileId from, MobileId to, double t_s);

/// Julian date of midnight at the start of a day of the Gregorian calendar.
double julian_date(int year, int month, int day);

} // namespace interplanetary

#include "ephemeris.hpp"

#include "libstos/base/portable_math.hpp"

#include <algorithm>
#include <cmath>

namespace interplanetary {
namespace {

using std::sqrt;

// One orbit, and so one digest, on every machine.
double cos(double x) { return stos::portable_cos(x); }
double sin(double x) { return stos::portable_sin(x); }
double length_of(double x, double y) { return sqrt(x * x + y * y); }

constexpr double obliquity_rad = 23.43928 * radians_per_degree; // J2000, as Standish uses it

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

double days_since_j2000(const SolarSystem& system, double t_s) {
  return system.epoch_jd - j2000_jd + t_s / seconds_per_day;
}

double centuries_since_j2000(const SolarSystem& system, double t_s) {
  return days_since_j2000(system, t_s) / days_per_century;
}

/// Large angles lose nothing: both the multiple of 360 and the difference are exact. Small
/// arguments keep sin() fast, and std::remainder would take ten times as long.
double wrapped_rad(double degrees) {
  return (degrees - 360.0 * std::floor(degrees / 360.0 + 0.5)) * radians_per_degree;
}

Vector3 ecliptic_from_equatorial(Vector3 v) {
  const double c = cos(obliquity_rad);
  const double s = sin(obliquity_rad);
  return {v.x, c * v.y + s * v.z, c * v.z - s * v.y};
}

Vector3 from_spherical(double distance, double longitude_rad, double latitude_rad) {
  const double across = distance * cos(latitude_rad);
  return {across * cos(longitude_rad), across * sin(longitude_rad), distance * sin(latitude_rad)};
}

Vector3 along(const Axes& axes, Vector3 v) { return v.x * axes.x + v.y * axes.y + v.z * axes.z; }

/// Newton's method for M = E - e sin E; the start (Danby) converges for every e < 1.
double eccentric_anomaly(double mean_anomaly_rad, double eccentricity) {
  double e = mean_anomaly_rad + std::copysign(0.85 * eccentricity, sin(mean_anomaly_rad));
  if (eccentricity < 0.2)
    e = mean_anomaly_rad + eccentricity * sin(mean_anomaly_rad);
  for (int i = 0; i < 20; ++i) {
    const double step =
        (e - eccentricity * sin(e) - mean_anomaly_rad) / (1.0 - eccentricity * cos(e));
    e -= step;
    if (std::abs(step) < 1e-11)
      break;
  }
  return e;
}

/// A point of an ellipse about its focus: the ellipse lies in a plane tilted by `inclination` about
/// the line of nodes, which is at `node` from the x axis.
Vector3 point_on_ellipse(double semi_major_axis, double eccentricity, double mean_anomaly_rad,
                         double argument_rad, double inclination_rad, double node_rad) {
  const double e = eccentric_anomaly(mean_anomaly_rad, eccentricity);
  const double p = semi_major_axis * (cos(e) - eccentricity);
  const double q = semi_major_axis * sqrt(1.0 - eccentricity * eccentricity) * sin(e);
  const double from_node = p * cos(argument_rad) - q * sin(argument_rad);
  const double beyond_node = p * sin(argument_rad) + q * cos(argument_rad);
  const double level = beyond_node * cos(inclination_rad);
  return {from_node * cos(node_rad) - level * sin(node_rad),
          from_node * sin(node_rad) + level * cos(node_rad), beyond_node * sin(inclination_rad)};
}

Vector3 planet_position_ls(const PlanetOrbit& orbit, double centuries) {
  const double perihelion_deg = orbit.perihelion_longitude_deg.at(centuries);
  const double node_deg = orbit.node_longitude_deg.at(centuries);
  return point_on_ellipse(orbit.semi_major_axis_au.at(centuries) * astronomical_unit_ls,
                          orbit.eccentricity.at(centuries),
                          wrapped_rad(orbit.mean_longitude_deg.at(centuries) - perihelion_deg),
                          wrapped_rad(perihelion_deg - node_deg),
                          wrapped_rad(orbit.inclination_deg.at(centuries)), wrapped_rad(node_deg));
}

const Globe& globe_of(const SolarSystem& system, MobileId id) { return *system[id].globe; }

Vector3 satellite_offset_ls(const SolarSystem& system, const SatelliteOrbit& orbit, double t_s) {
  const auto shape = orbit_shape(globe_of(system, orbit.body), orbit);
  const auto offset_km = point_on_ellipse(
      shape.semi_major_axis_km, shape.eccentricity,
      std::remainder(orbit.mean_anomaly_deg * radians_per_degree + shape.mean_motion_rad_s * t_s,
                     2.0 * std::numbers::pi),
      orbit.argument_of_periapsis_deg * radians_per_degree + shape.periapsis_rate_rad_s * t_s,
      orbit.inclination_deg * radians_per_degree,
      orbit.node_deg * radians_per_degree + shape.node_rate_rad_s * t_s);
  return along(equatorial_axes(system, orbit.body, t_s), (1.0 / light_speed_km_s) * offset_km);
}

Vector3 site_offset_ls(const SolarSystem& system, const SurfaceSite& site, double t_s) {
  const auto in_body_ls =
      (1.0 / light_speed_km_s) * site_in_body_km(globe_of(system, site.body), site);
  return along(surface_axes(system, site.body, t_s), in_body_ls);
}

Vector3 flight_direction(const StraightFlight& flight) {
  return ecliptic_from_equatorial(from_spherical(1.0,
                                                 flight.right_ascension_deg * radians_per_degree,
                                                 flight.declination_deg * radians_per_degree));
}

Axes axes_of_pole(double right_ascension_rad, double declination_rad) {
  const auto z =
      ecliptic_from_equatorial(from_spherical(1.0, right_ascension_rad, declination_rad));
  const auto x =
      ecliptic_from_equatorial({-sin(right_ascension_rad), cos(right_ascension_rad), 0.0});
  return {x, cross(z, x), z};
}

} // namespace

Vector3 moon_from_earth_ls(const SolarSystem& system, double t_s) {
  const auto& theory = system.lunar;
  const double centuries = centuries_since_j2000(system, t_s);
  const double d = wrapped_rad(theory.elongation_deg.at(centuries));
  const double m = wrapped_rad(theory.sun_anomaly_deg.at(centuries));
  const double mp = wrapped_rad(theory.moon_anomaly_deg.at(centuries));
  const double f = wrapped_rad(theory.latitude_argument_deg.at(centuries));
  const auto argument = [=](const LunarTerm& term) {
    return term.d * d + term.m * m + term.mp * mp + term.f * f;
  };

  double longitude_udeg = 0.0;
  double latitude_udeg = 0.0;
  double distance_m = 1e3 * theory.mean_distance_km;
  for (const auto& term : theory.longitude_udeg)
    longitude_udeg += term.amplitude * sin(argument(term));
  for (const auto& term : theory.latitude_udeg)
    latitude_udeg += term.amplitude * sin(argument(term));
  for (const auto& term : theory.distance_m)
    distance_m += term.amplitude * cos(argument(term));

  const double longitude_deg = theory.mean_longitude_deg.at(centuries) + 1e-6 * longitude_udeg -
                               theory.precession_deg_per_century * centuries;
  return from_spherical(1e-3 * distance_m / light_speed_km_s, wrapped_rad(longitude_deg),
                        1e-6 * latitude_udeg * radians_per_degree);
}

Vector3 position_ls(const SolarSystem& system, MobileId id, double t_s) {
  return std::visit(
      Overloaded{[](const AtOrigin&) { return Vector3{}; },
                 [&](const PlanetOrbit& orbit) {
                   const auto ellipse =
                       planet_position_ls(orbit, centuries_since_j2000(system, t_s));
                   if (!orbit.is_earth_moon_barycentre)
                     return ellipse;
                   return ellipse - (1.0 / (1.0 + system.lunar.earth_moon_mass_ratio)) *
                                        moon_from_earth_ls(system, t_s);
                 },
                 [&](const LunarOrbit& orbit) {
                   // Earth is at B - k m for the pair's barycentre B, so the Moon is at B + (1 - k)
                   // m.
                   const auto& pair = std::get<PlanetOrbit>(system[orbit.earth].motion);
                   const double ratio = system.lunar.earth_moon_mass_ratio;
                   return planet_position_ls(pair, centuries_since_j2000(system, t_s)) +
                          (ratio / (1.0 + ratio)) * moon_from_earth_ls(system, t_s);
                 },
                 [&](const SatelliteOrbit& orbit) {
                   return position_ls(system, orbit.body, t_s) +
                          satellite_offset_ls(system, orbit, t_s);
                 },
                 [&](const SurfaceSite& site) {
                   return position_ls(system, site.body, t_s) + site_offset_ls(system, site, t_s);
                 },
                 [&](const StraightFlight& flight) {
                   const double distance_au =
                       flight.distance_au + flight.speed_au_per_year * (t_s / julian_year_s);
                   return (distance_au * astronomical_unit_ls) * flight_direction(flight);
                 }},
      system[id].motion);
}

Axes equatorial_axes(const SolarSystem& system, MobileId body, double t_s) {
  const auto& rotation = *globe_of(system, body).rotation;
  const double days = days_since_j2000(system, t_s);
  const auto& nodding = rotation.nodding;
  const double phase = wrapped_rad(nodding.phase_deg + nodding.phase_deg_per_day * days);
  return axes_of_pole(wrapped_rad(rotation.pole_right_ascension_deg.at(days / days_per_century) +
                                  nodding.right_ascension_deg * sin(phase)),
                      wrapped_rad(rotation.pole_declination_deg.at(days / days_per_century) +
                                  nodding.declination_deg * cos(phase)));
}

Axes surface_axes(const SolarSystem& system, MobileId body, double t_s) {
  const auto& rotation = *globe_of(system, body).rotation;
  const double days = days_since_j2000(system, t_s);
  const double clock_days = days_since_j2000(system, t_s - rotation.clock_lag_s);
  const double phase =
      wrapped_rad(rotation.nodding.phase_deg + rotation.nodding.phase_deg_per_day * days);
  const double w =
      wrapped_rad(rotation.prime_meridian_deg + rotation.prime_meridian_deg_per_day * clock_days +
                  rotation.nodding.prime_meridian_deg * sin(phase));
  const auto still = equatorial_axes(system, body, t_s);
  const auto x = cos(w) * still.x + sin(w) * still.y;
  return {x, cross(still.z, x), still.z};
}

Vector3 zenith(const SolarSystem& system, MobileId id, double t_s) {
  const auto& site = std::get<SurfaceSite>(system[id].motion);
  return along(surface_axes(system, site.body, t_s),
               from_spherical(1.0, site.longitude_deg * radians_per_degree,
                              site.latitude_deg * radians_per_degree));
}

Vector3 site_in_body_km(const Globe& globe, const SurfaceSite& site) {
  const double latitude = site.latitude_deg * radians_per_degree;
  const double longitude = site.longitude_deg * radians_per_degree;
  const double a = globe.equatorial_radius_km;
  const double b = globe.polar_radius_km;
  if (site.latitude_kind == Latitude::planetocentric) {
    const double radius = a * b / length_of(b * cos(latitude), a * sin(latitude));
    return from_spherical(radius + site.height_km, longitude, latitude);
  }
  const double normal = a * a / length_of(a * cos(latitude), b * sin(latitude));
  const double across = (normal + site.height_km) * cos(latitude);
  return {across * cos(longitude), across * sin(longitude),
          (normal * (b * b) / (a * a) + site.height_km) * sin(latitude)};
}

OrbitShape orbit_shape(const Globe& globe, const SatelliteOrbit& orbit) {
  const double periapsis = globe.equatorial_radius_km + orbit.periapsis_altitude_km;
  const double apoapsis = globe.equatorial_radius_km + orbit.apoapsis_altitude_km;
  OrbitShape shape;
  shape.semi_major_axis_km = 0.5 * (periapsis + apoapsis);
  shape.eccentricity = (apoapsis - periapsis) / (apoapsis + periapsis);
  const double a = shape.semi_major_axis_km;
  shape.mean_motion_rad_s = sqrt(globe.gm_km3_s2 / (a * a * a));
  const double flatness =
      globe.equatorial_radius_km / (a * (1.0 - shape.eccentricity * shape.eccentricity));
  const double drift = 1.5 * shape.mean_motion_rad_s * globe.j2 * flatness * flatness;
  const double inclination = orbit.inclination_deg * radians_per_degree;
  shape.node_rate_rad_s = -drift * cos(inclination);
  shape.periapsis_rate_rad_s =
      orbit.frozen_periapsis ? 0.0 : drift * (2.0 - 2.5 * sin(inclination) * sin(inclination));
  return shape;
}

std::optional<MobileId> parent(const SolarSystem& system, MobileId id) {
  using Parent = std::optional<MobileId>;
  return std::visit(Overloaded{[](const LunarOrbit& orbit) { return Parent{orbit.earth}; },
                               [](const SatelliteOrbit& orbit) { return Parent{orbit.body}; },
                               [](const SurfaceSite& site) { return Parent{site.body}; },
                               [](const auto&) { return Parent{}; }},
                    system[id].motion);
}

double speed_bound(const SolarSystem& system, MobileId id) {
  constexpr double slack =
      1.01; // covers drifting elements, and Earth's circle about the barycentre
  return std::visit(
      Overloaded{
          [](const AtOrigin&) { return 0.0; },
          [](const PlanetOrbit& orbit) {
            // The Gaussian constant: a circular orbit at 1 au runs at k au per day.
            constexpr double circular_speed =
                0.01720209895 * astronomical_unit_ls / seconds_per_day;
            const double e = orbit.eccentricity.at_j2000;
            return slack * circular_speed *
                   sqrt((1.0 + e) / ((1.0 - e) * orbit.semi_major_axis_au.at_j2000));
          },
          [&](const LunarOrbit&) { return slack * system.lunar.max_speed_km_s / light_speed_km_s; },
          [&](const SatelliteOrbit& orbit) {
            const auto shape = orbit_shape(globe_of(system, orbit.body), orbit);
            const double e = shape.eccentricity;
            return slack * shape.semi_major_axis_km * shape.mean_motion_rad_s *
                   sqrt((1.0 + e) / (1.0 - e)) / light_speed_km_s;
          },
          [&](const SurfaceSite& site) {
            const auto& globe = globe_of(system, site.body);
            const double turn_rad_s =
                globe.rotation->prime_meridian_deg_per_day * radians_per_degree / seconds_per_day;
            return slack * std::abs(turn_rad_s) * length(site_in_body_km(globe, site)) /
                   light_speed_km_s;
          },
          [](const StraightFlight& flight) {
            return slack * flight.speed_au_per_year * astronomical_unit_ls / julian_year_s;
          }},
      system[id].motion);
}

double relative_speed_bound(const SolarSystem& system, MobileId a, MobileId b) {
  // A parent has a lower id than its children, so climbing from the higher id meets the common one.
  double bound = 0.0;
  auto climb = [&](std::optional<MobileId>& id) {
    bound += speed_bound(system, *id);
    id = parent(system, *id);
  };
  std::optional<MobileId> left = a;
  std::optional<MobileId> right = b;
  while (left != right)
    climb(left > right ? left : right); // an empty optional, the Sun's frame, is below every id
  return bound;
}

Arrival light_arrival(const SolarSystem& system, MobileId from, MobileId to, double t_s) {
  // Each step shrinks the error by v/c < 1e-3, so a step of a microsecond leaves a nanosecond.
  const auto start = position_ls(system, from, t_s);
  Arrival arrival{t_s, position_ls(system, to, t_s)};
  for (int i = 0; i < 10; ++i) {
    const double before_s = arrival.t_s;
    arrival.t_s = t_s + length(arrival.at_ls - start);
    arrival.at_ls = position_ls(system, to, arrival.t_s);
    if (std::abs(arrival.t_s - before_s) < 1e-6)
      break;
  }
  return arrival;
}

double light_time_s(const SolarSystem& system, MobileId from, MobileId to, double t_s) {
  return length(light_arrival(system, from, to, t_s).at_ls - position_ls(system, from, t_s));
}

double julian_date(int year, int month, int day) {
  // Fliegel and Van Flandern 1968; integer divisions truncate.
  const int shift = (month - 14) / 12;
  const int number = day - 32075 + 1461 * (year + 4800 + shift) / 4 +
                     367 * (month - 2 - shift * 12) / 12 - 3 * ((year + 4900 + shift) / 100) / 4;
  return number - 0.5;
}

} // namespace interplanetary

#pragma once

#include "vector3.hpp"

#include <cstdint>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What moves, and by which published numbers: plain data, filled from solar_system.yaml.
///
/// Frame: heliocentric, inertial, ecliptic and equinox of J2000 (x to the equinox, z to the
///        ecliptic's north pole).
/// Time:  seconds of TDB since the scenario's epoch. Distances in light-seconds where a name ends
///        in _ls; the published numbers keep the units that they were published in.
namespace interplanetary {

inline constexpr double light_speed_km_s = 299792.458;      // SI, exact
inline constexpr double astronomical_unit_km = 149597870.7; // IAU 2012 B2, exact
inline constexpr double astronomical_unit_ls = astronomical_unit_km / light_speed_km_s;
inline constexpr double seconds_per_day = 86400.0;
inline constexpr double days_per_century = 36525.0;
inline constexpr double julian_year_s = 365.25 * seconds_per_day;
inline constexpr double j2000_jd = 2451545.0;
inline constexpr double radians_per_degree = std::numbers::pi / 180.0;

/// The index of a mobile in SolarSystem::mobiles.
enum class MobileId : std::uint32_t {};

/// A quantity that drifts linearly: its value at J2000 and its change per Julian century.
struct Drift {
  double at_j2000{};
  double per_century{};

  constexpr double at(double centuries) const { return at_j2000 + per_century * centuries; }
};

/// The Sun: at rest at the origin.
struct AtOrigin {};

/// A planet's heliocentric ellipse with slowly changing elements (Standish).
struct PlanetOrbit {
  Drift semi_major_axis_au;
  Drift eccentricity;
  Drift inclination_deg;
  Drift mean_longitude_deg;
  Drift perihelion_longitude_deg;
  Drift node_longitude_deg;
  bool is_earth_moon_barycentre{}; ///< the ellipse is the pair's: the planet itself circles it
};

/// The Moon, by SolarSystem::lunar.
struct LunarOrbit {
  MobileId earth{};
};

/// A satellite: an ellipse about a body's centre, in the plane of the body's equator, whose node
/// and periapsis drift because the body is flattened (J2).
struct SatelliteOrbit {
  MobileId body{};
  double periapsis_altitude_km{};
  double apoapsis_altitude_km{};
  double inclination_deg{};
  double node_deg{}; ///< from the body equator's ascending node on the ICRF equator
  double argument_of_periapsis_deg{};
  double mean_anomaly_deg{}; ///< at the epoch
  bool frozen_periapsis{};   ///< higher harmonics hold the periapsis still
};

enum class Latitude { geodetic, planetocentric };

/// A place on a rotating body's surface, such as an antenna or a rover.
struct SurfaceSite {
  MobileId body{};
  Latitude latitude_kind{};
  double latitude_deg{};
  double longitude_deg{}; ///< east
  double height_km{};     ///< above the ellipsoid
  double elevation_mask_deg{};
};

/// A probe on its way out, far enough from everything to fly straight.
struct StraightFlight {
  double distance_au{}; ///< from the Sun, at the epoch
  double right_ascension_deg{};
  double declination_deg{};
  double speed_au_per_year{}; ///< straight away from the Sun
};

using Motion =
    std::variant<AtOrigin, PlanetOrbit, LunarOrbit, SatelliteOrbit, SurfaceSite, StraightFlight>;

/// The leading term of a slow nodding of the axis; the Moon's follows its orbit's 18.6-year node.
struct AxisNodding {
  double phase_deg{}; ///< at J2000
  double phase_deg_per_day{};
  double right_ascension_deg{}; ///< amplitude, times sin(phase)
  double declination_deg{};     ///< amplitude, times cos(phase)
  double prime_meridian_deg{};  ///< amplitude, times sin(phase)
};

/// How a body turns: its pole, and the angle W of its prime meridian (IAU WGCCRE convention).
struct Rotation {
  Drift pole_right_ascension_deg;
  Drift pole_declination_deg;
  double prime_meridian_deg{}; ///< at J2000
  double prime_meridian_deg_per_day{};
  double clock_lag_s{}; ///< TDB minus the clock that W is counted in (Earth's W counts UT1)
  AxisNodding nodding;
};

/// A body's size, pull and rotation.
struct Globe {
  double equatorial_radius_km{};
  double polar_radius_km{};
  double gm_km3_s2{};
  double j2{};
  std::optional<Rotation> rotation;
};

/// One periodic term; its argument is d D + m M + mp M' + f F (Delaunay's angles).
struct LunarTerm {
  int d{};
  int m{};
  int mp{};
  int f{};
  double amplitude{};
};

/// The Moon's geocentric longitude, latitude (mean equinox of date) and distance, as sums of terms.
struct LunarTheory {
  Drift mean_longitude_deg;
  Drift elongation_deg;        ///< D
  Drift sun_anomaly_deg;       ///< M
  Drift moon_anomaly_deg;      ///< M'
  Drift latitude_argument_deg; ///< F
  double mean_distance_km{};
  double precession_deg_per_century{}; ///< leads from the equinox of date back to J2000
  double earth_moon_mass_ratio{};
  double max_speed_km_s{};
  std::vector<LunarTerm> longitude_udeg; ///< sine terms, 1e-6 degree
  std::vector<LunarTerm> latitude_udeg;  ///< sine terms, 1e-6 degree
  std::vector<LunarTerm> distance_m;     ///< cosine terms
};

/// Anything with a worldline: a body, a satellite, a place on a surface, a probe.
struct Mobile {
  std::string name;
  Motion motion;
  std::optional<Globe> globe;
  double chord_tolerance_ls{}; ///< how far its piecewise straight worldline may stray
};

/// Every mobile; a mobile comes after the body that it circles or stands on.
struct SolarSystem {
  double epoch_jd{}; ///< Julian date, TDB
  LunarTheory lunar;
  std::vector<Mobile> mobiles;

  const Mobile& operator[](MobileId id) const { return mobiles[static_cast<std::size_t>(id)]; }

  /// The mobile called `name`, if there is one.
  std::optional<MobileId> find(std::string_view name) const {
    for (std::size_t i = 0; i < mobiles.size(); ++i)
      if (mobiles[i].name == name)
        return static_cast<MobileId>(i);
    return std::nullopt;
  }
};

} // namespace interplanetary

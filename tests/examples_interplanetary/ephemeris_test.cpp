#include "examples/interplanetary/visibility.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace interplanetary;

namespace {

double distance_au(MobileId a, MobileId b, double t_s) {
  const auto& system = published().system;
  return length(position_ls(system, a, t_s) - position_ls(system, b, t_s)) / astronomical_unit_ls;
}

struct Extreme {
  double t_s;
  double value;
};

/// The smallest value of f, probed every hour.
template <class F>
Extreme smallest(double from_s, double until_s, F f) {
  Extreme best{from_s, f(from_s)};
  for (double t = from_s; t < until_s; t += 3600.0)
    if (const double value = f(t); value < best.value)
      best = {t, value};
  return best;
}

} // namespace

TEST_CASE("Earth to Mars takes light 3.0 to 22.4 minutes over twenty years") {
  const auto& system = published().system;
  double shortest_min = 1e9;
  double longest_min = 0.0;
  for (double t = 0.0; t < 20.0 * julian_year_s; t += 0.5 * seconds_per_day) {
    const double minutes = light_time_s(system, mobile("Earth"), mobile("Mars"), t) / 60.0;
    shortest_min = std::min(shortest_min, minutes);
    longest_min = std::max(longest_min, minutes);
  }
  CHECK(shortest_min > 3.0);
  CHECK(shortest_min < 3.3); // the perihelic opposition of 2035
  CHECK(longest_min > 22.0);
  CHECK(longest_min < 22.4);
}

TEST_CASE("Mars comes closest on the published days, at the published distances") {
  const auto mars_distance = [](double t_s) {
    return distance_au(mobile("Earth"), mobile("Mars"), t_s);
  };
  // Closest approaches (a day and four days off the oppositions): 2027-02-20 at 0.67792 au and
  // 2035-09-11 at 0.38041 au.
  const auto in_2027 = smallest(seconds_at(2027, 1, 1), seconds_at(2027, 5, 1), mars_distance);
  CHECK(std::abs(in_2027.t_s - seconds_at(2027, 2, 20)) < 1.0 * seconds_per_day);
  CHECK(in_2027.value == Approx(0.67792).margin(2e-4));
  const auto in_2035 = smallest(seconds_at(2035, 7, 1), seconds_at(2035, 12, 1), mars_distance);
  CHECK(std::abs(in_2035.t_s - seconds_at(2035, 9, 11)) < 1.0 * seconds_per_day);
  CHECK(in_2035.value == Approx(0.38041).margin(2e-4));
}

TEST_CASE("Mars is behind the Sun on 2026-01-09 and opposite to it on 2027-02-19") {
  const auto separation = [](double t_s) {
    return sun_separation_deg(published().system, mobile("Earth"), mobile("Mars"), t_s);
  };
  const auto conjunction = smallest(seconds_at(2025, 12, 1), seconds_at(2026, 3, 1), separation);
  CHECK(std::abs(conjunction.t_s - seconds_at(2026, 1, 9)) < 1.5 * seconds_per_day);
  CHECK(conjunction.value < 1.2);
  CHECK(separation(seconds_at(2027, 2, 19)) > 174.0); // Mars is 4.6 degrees north of the ecliptic
}

TEST_CASE("Earth passes perihelion and aphelion at the published distances") {
  const auto sun_distance = [](double t_s) {
    return distance_au(mobile("Sun"), mobile("Earth"), t_s);
  };
  const auto perihelion = smallest(seconds_at(2025, 12, 15), seconds_at(2026, 1, 20), sun_distance);
  CHECK(perihelion.value == Approx(0.9833).margin(1e-4)); // 147.1 million km
  CHECK(std::abs(perihelion.t_s - seconds_at(2026, 1, 3)) < 2.0 * seconds_per_day);
  CHECK(sun_distance(seconds_at(2026, 7, 6)) == Approx(1.01664).margin(1e-4));
}

TEST_CASE("the Moon stays between 356,400 and 406,800 km, 1.188 to 1.357 light-seconds") {
  double nearest_ls = 10.0;
  double farthest_ls = 0.0;
  for (double t = 0.0; t < 20.0 * julian_year_s; t += 7200.0) {
    const double distance_ls = length(moon_from_earth_ls(published().system, t));
    nearest_ls = std::min(nearest_ls, distance_ls);
    farthest_ls = std::max(farthest_ls, distance_ls);
  }
  CHECK(nearest_ls > 356300.0 / light_speed_km_s);
  CHECK(nearest_ls < 357000.0 / light_speed_km_s);
  CHECK(farthest_ls > 406300.0 / light_speed_km_s);
  CHECK(farthest_ls < 406800.0 / light_speed_km_s);
}

TEST_CASE("the Moon is where Meeus' worked example puts it") {
  // "Astronomical Algorithms", example 47.a: 1992-04-12, 133.162655 and -3.229126 degrees of date,
  // 368,409.7 km. The dropped terms sum to well below these margins.
  const auto& system = published().system;
  const double t_s = seconds_at(1992, 4, 12);
  const auto moon = moon_from_earth_ls(system, t_s);
  const double centuries = (julian_date(1992, 4, 12) - j2000_jd) / days_per_century;
  const double longitude_deg = std::atan2(moon.y, moon.x) / radians_per_degree +
                               system.lunar.precession_deg_per_century * centuries;
  CHECK(std::remainder(longitude_deg - 133.162655, 360.0) == Approx(0.0).margin(0.06));
  CHECK(std::asin(moon.z / length(moon)) / radians_per_degree == Approx(-3.229126).margin(0.06));
  CHECK(length(moon) * light_speed_km_s == Approx(368409.7).margin(150.0));
}

TEST_CASE("the Moon keeps its near side to the Earth") {
  const auto& system = published().system;
  for (double t = 0.0; t < julian_year_s; t += 0.5 * seconds_per_day) {
    const auto axes = surface_axes(system, mobile("Moon"), t);
    const auto to_earth =
        position_ls(system, mobile("Earth"), t) - position_ls(system, mobile("Moon"), t);
    // Libration: at most 8 degrees in longitude and 7 in latitude.
    CHECK(dot(axes.x, to_earth) / length(to_earth) > std::cos(11.0 * radians_per_degree));
  }
}

TEST_CASE("antennas are where the DSN says: Cartesian and geodetic coordinates agree") {
  const auto& system = published().system;
  const auto& earth = *system[mobile("Earth")].globe;
  const auto check = [&](const char* name, Vector3 published_km) {
    const auto& site = std::get<SurfaceSite>(system[mobile(name)].motion);
    CHECK(length(site_in_body_km(earth, site) - published_km) < 0.05);
  };
  // ITRF coordinates of DSS-14, DSS-43 and DSS-63, 810-005 module 301.
  check("Goldstone", {-2353.621420, -4641.341472, 3677.052318});
  check("Canberra", {-4460.894917, 2682.361507, -3674.748152});
  check("Madrid", {4849.092518, -360.180348, 4115.109251});
}

TEST_CASE("the Sun is overhead where and when it should be") {
  // Apparent noon at Greenwich on 2026-06-21 falls at 12:01:50 UT (equation of time -1 min 50 s);
  // in Madrid, 4.248 degrees west, 17.0 minutes later, at an elevation of 90 - 40.43 + 23.44.
  const auto& system = published().system;
  const double noon_s = seconds_at(2026, 6, 21) + 12.0 * 3600.0 + (1.83 + 17.0) * 60.0 + 69.1;
  const double elevation = elevation_deg(system, mobile("Madrid"), Vector3{}, noon_s);
  CHECK(elevation == Approx(90.0 - 40.43 + 23.44).margin(0.05));
  CHECK(elevation_deg(system, mobile("Madrid"), Vector3{}, noon_s - 3600.0) ==
        Approx(elevation_deg(system, mobile("Madrid"), Vector3{}, noon_s + 3600.0)).margin(0.3));
}

TEST_CASE("a day on Mars lasts 24 h 39 min 35 s") {
  const auto& system = published().system;
  const auto rises_s = [&](double t) {
    while (elevation_deg(system, mobile("Curiosity"), Vector3{}, t) >= 0.0)
      t += 60.0;
    while (elevation_deg(system, mobile("Curiosity"), Vector3{}, t) < 0.0)
      t += 10.0;
    return t;
  };
  const double first = rises_s(0.0);
  double last = first;
  for (int sol = 0; sol < 100; ++sol)
    last = rises_s(last + 3600.0);
  CHECK((last - first) / 100.0 == Approx(88775.244).margin(25.0)); // seasons move sunrise a little
}

TEST_CASE("orbiters have their published periods, and the sun-synchronous ones follow the Sun") {
  const auto& system = published().system;
  const auto shape = [&](const char* name) {
    const auto& orbit = std::get<SatelliteOrbit>(system[mobile(name)].motion);
    return orbit_shape(*system[orbit.body].globe, orbit);
  };
  const auto period_min = [&](const char* name) {
    return 2.0 * std::numbers::pi / shape(name).mean_motion_rad_s / 60.0;
  };
  CHECK(period_min("MRO") == Approx(112.0).margin(1.5));
  CHECK(period_min("TGO") == Approx(118.0).margin(1.0));
  CHECK(period_min("Odyssey") == Approx(118.0).margin(1.0));
  CHECK(period_min("LRO") == Approx(117.0).margin(3.0));
  CHECK(period_min("Queqiao-2") == Approx(24.0 * 60.0).margin(25.0));
  const double sun_deg_per_day = 360.0 / 686.97;
  for (const char* name : {"MRO", "Odyssey"}) {
    const double node_deg_per_day =
        shape(name).node_rate_rad_s / radians_per_degree * seconds_per_day;
    CHECK(node_deg_per_day == Approx(sun_deg_per_day).margin(0.03));
  }
}

TEST_CASE("Voyager 1 is a light-day from Earth in mid-November 2026") {
  const auto& system = published().system;
  const auto light_days = [&](double t_s) {
    return light_time_s(system, mobile("Voyager 1"), mobile("Earth"), t_s) / seconds_per_day;
  };
  CHECK(light_days(seconds_at(2026, 11, 10)) < 1.0);
  CHECK(light_days(seconds_at(2026, 11, 18)) > 1.0);
}

TEST_CASE("nothing moves faster than its speed bound") {
  const auto& system = published().system;
  for (std::size_t i = 0; i < system.mobiles.size(); ++i) {
    const auto id = static_cast<MobileId>(i);
    const auto up = parent(system, id);
    const auto place = [&](double t) {
      return position_ls(system, id, t) - (up ? position_ls(system, *up, t) : Vector3{});
    };
    INFO(system[id].name);
    double fastest = 0.0;
    for (double t = 0.0; t < julian_year_s; t += 5003.0)
      fastest = std::max(fastest, length(place(t + 5.0) - place(t - 5.0)) / 10.0);
    CHECK(fastest <= speed_bound(system, id));
    CHECK(fastest >= 0.5 * speed_bound(system, id));
  }
}

TEST_CASE("the ephemeris gives the same bits every time") {
  const auto& system = published().system;
  for (const auto& [name, t] : {std::pair{"MRO", 12345.678}, {"Goldstone", 2e7}, {"LRO", 3.1e7}})
    CHECK(position_ls(system, mobile(name), t) == position_ls(system, mobile(name), t));
}

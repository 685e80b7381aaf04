#include "scenario.hpp"

#include "ephemeris.hpp"

#include <yaml-cpp/yaml.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

namespace interplanetary {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::string shown(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

/// A value together with the place to blame when it is wrong.
class Value {
public:
  Value(const YAML::Node& node, const std::string& file, std::string key)
      : node_(node), file_(&file), key_(std::move(key)) {}

  [[noreturn]] void fail(const std::string& text) const {
    throw ScenarioError(*file_ + ":" + std::to_string(node_.Mark().line + 1) + ": " + text);
  }

  std::string text() const {
    if (!node_.IsScalar() || node_.Scalar().empty())
      fail("'" + key_ + "' must be text");
    return node_.Scalar();
  }

  double number(double min, double max) const {
    double value = 0.0;
    if (!node_.IsScalar() || !YAML::convert<double>::decode(node_, value) || !std::isfinite(value))
      fail("'" + key_ + "' must be a number");
    if (value < min || value > max)
      fail("'" + key_ + "' is " + shown(value) + ", allowed is " + shown(min) + " to " +
           shown(max));
    return value;
  }

  bool flag() const {
    bool value = false;
    if (!YAML::convert<bool>::decode(node_, value))
      fail("'" + key_ + "' must be true or false");
    return value;
  }

  std::vector<Value> list() const {
    if (!node_.IsSequence() || node_.size() == 0)
      fail("'" + key_ + "' must be a list with at least one entry");
    std::vector<Value> values;
    for (const auto& entry : node_)
      values.emplace_back(entry, *file_, key_);
    return values;
  }

  std::array<double, 2> pair(double min, double max) const {
    if (!node_.IsSequence() || node_.size() != 2)
      fail("'" + key_ + "' must be a list of two numbers");
    const auto values = list();
    return {values[0].number(min, max), values[1].number(-infinite, infinite)};
  }

  Drift drift(double min, double max) const {
    const auto values = pair(min, max);
    return {values[0], values[1]};
  }

  const YAML::Node& node() const { return node_; }
  const std::string& file() const { return *file_; }

private:
  YAML::Node node_;
  const std::string* file_;
  std::string key_;
};

/// A map whose keys are known by being asked for; whatever was not asked for is a mistake.
class Section {
public:
  explicit Section(Value value) : value_(std::move(value)) {
    if (!value_.node().IsMap())
      value_.fail("a map of keys and values is needed here");
  }

  bool has(const std::string& key) {
    known_.insert(key);
    return static_cast<bool>(value_.node()[key]);
  }

  Value operator[](const std::string& key) {
    if (!has(key))
      value_.fail("'" + key + "' is missing");
    return {value_.node()[key], value_.file(), key};
  }

  double number_or(const std::string& key, double otherwise, double min, double max) {
    return has(key) ? (*this)[key].number(min, max) : otherwise;
  }

  bool flag_or(const std::string& key, bool otherwise) {
    return has(key) ? (*this)[key].flag() : otherwise;
  }

  /// @pre every key that is allowed here was asked for.
  void expect_no_other_keys() const {
    for (const auto& entry : value_.node()) {
      const auto key = entry.first.as<std::string>();
      if (known_.contains(key))
        continue;
      std::string allowed;
      for (const auto& name : known_)
        allowed += (allowed.empty() ? "" : ", ") + name;
      Value(entry.first, value_.file(), key)
          .fail("unknown key '" + key + "', allowed are " + allowed);
    }
  }

  [[noreturn]] void fail(const std::string& text) const { value_.fail(text); }

private:
  Value value_;
  std::set<std::string> known_;
};

double parse_epoch_jd(const Value& value) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, used = 0;
  const auto text = value.text();
  const int fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d TDB%n", &year, &month, &day,
                                 &hour, &minute, &used);
  if (fields != 5 || used != static_cast<int>(text.size()) || month < 1 || month > 12 || day < 1 ||
      day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
    value.fail("'epoch' is '" + text + "', wanted is a date such as 2026-01-01T00:00 TDB");
  if (year < 1800 || year > 2050)
    value.fail("'epoch' is in " + std::to_string(year) +
               ", the planets' elements are good from 1800 to 2050");
  return julian_date(year, month, day) + (hour * 60 + minute) / 1440.0;
}

std::vector<LunarTerm> parse_terms(const Value& value) {
  std::vector<LunarTerm> terms;
  for (const auto& row : value.list()) {
    const auto numbers = row.list();
    if (numbers.size() != 5)
      row.fail("a term has five numbers: D, M, M', F and the amplitude");
    const auto multiple = [&](std::size_t i) { return static_cast<int>(numbers[i].number(-9, 9)); };
    terms.push_back({multiple(0), multiple(1), multiple(2), multiple(3),
                     numbers[4].number(-infinite, infinite)});
  }
  return terms;
}

LunarTheory parse_lunar_theory(Section yaml) {
  LunarTheory theory;
  theory.mean_longitude_deg = yaml["mean_longitude_deg"].drift(-360, 360);
  theory.elongation_deg = yaml["elongation_deg"].drift(-360, 360);
  theory.sun_anomaly_deg = yaml["sun_anomaly_deg"].drift(-360, 360);
  theory.moon_anomaly_deg = yaml["moon_anomaly_deg"].drift(-360, 360);
  theory.latitude_argument_deg = yaml["latitude_argument_deg"].drift(-360, 360);
  theory.mean_distance_km = yaml["mean_distance_km"].number(1e5, 1e6);
  theory.precession_deg_per_century = yaml["precession_deg_per_century"].number(-10, 10);
  theory.earth_moon_mass_ratio = yaml["earth_moon_mass_ratio"].number(1, 1e6);
  theory.max_speed_km_s = yaml["max_speed_km_s"].number(0.5, 5);
  theory.longitude_udeg = parse_terms(yaml["longitude_udeg"]);
  theory.latitude_udeg = parse_terms(yaml["latitude_udeg"]);
  theory.distance_m = parse_terms(yaml["distance_m"]);
  yaml.expect_no_other_keys();
  return theory;
}

PlanetOrbit parse_planet(Section yaml) {
  PlanetOrbit orbit;
  orbit.is_earth_moon_barycentre = yaml.flag_or("earth_moon_barycentre", false);
  orbit.semi_major_axis_au = yaml["semi_major_axis_au"].drift(0.01, 1000);
  orbit.eccentricity = yaml["eccentricity"].drift(0, 0.99);
  orbit.inclination_deg = yaml["inclination_deg"].drift(-180, 180);
  orbit.mean_longitude_deg = yaml["mean_longitude_deg"].drift(-360, 360);
  orbit.perihelion_longitude_deg = yaml["perihelion_longitude_deg"].drift(-360, 360);
  orbit.node_longitude_deg = yaml["node_longitude_deg"].drift(-360, 360);
  yaml.expect_no_other_keys();
  return orbit;
}

AxisNodding parse_nodding(Section yaml) {
  AxisNodding nodding;
  nodding.phase_deg = yaml["phase_deg"].number(-360, 360);
  nodding.phase_deg_per_day = yaml["phase_deg_per_day"].number(-360, 360);
  nodding.right_ascension_deg = yaml["right_ascension_deg"].number(-90, 90);
  nodding.declination_deg = yaml["declination_deg"].number(-90, 90);
  nodding.prime_meridian_deg = yaml["prime_meridian_deg"].number(-90, 90);
  yaml.expect_no_other_keys();
  return nodding;
}

Rotation parse_rotation(Section yaml) {
  Rotation rotation;
  rotation.pole_right_ascension_deg = yaml["pole_right_ascension_deg"].drift(-360, 360);
  rotation.pole_declination_deg = yaml["pole_declination_deg"].drift(-90, 90);
  rotation.prime_meridian_deg = yaml["prime_meridian_deg"].number(-360, 360);
  rotation.prime_meridian_deg_per_day = yaml["prime_meridian_deg_per_day"].number(-1e4, 1e4);
  rotation.clock_lag_s = yaml.number_or("clock_lag_s", 0.0, -1e4, 1e4);
  if (yaml.has("nodding"))
    rotation.nodding = parse_nodding(Section(yaml["nodding"]));
  yaml.expect_no_other_keys();
  return rotation;
}

Globe parse_globe(Section yaml) {
  Globe globe;
  const auto radii = yaml["radius_km"].pair(1, 1e6);
  globe.equatorial_radius_km = radii[0];
  globe.polar_radius_km = radii[1];
  if (globe.polar_radius_km < 1.0 || globe.polar_radius_km > globe.equatorial_radius_km)
    yaml.fail("'radius_km' is [equatorial, polar], and the polar one is not the larger");
  globe.gm_km3_s2 = yaml["gm_km3_s2"].number(1, 1e12);
  globe.j2 = yaml["j2"].number(-1, 1);
  if (yaml.has("rotation"))
    globe.rotation = parse_rotation(Section(yaml["rotation"]));
  yaml.expect_no_other_keys();
  return globe;
}

/// Builds the list of mobiles; a name must be defined above the line that uses it.
class ScenarioReader {
public:
  Scenario read(Section yaml) {
    auto& system = scenario_.system;
    system.epoch_jd = parse_epoch_jd(yaml["epoch"]);
    scenario_.sun_keep_out_deg = yaml["sun_keep_out_deg"].number(0, 45);
    Section tolerance(yaml["chord_tolerance_ls"]);
    const auto tolerance_ls = [&](const std::string& kind) {
      return tolerance[kind].number(1e-7, 1);
    };
    const double bodies_ls = tolerance_ls("bodies");
    const double satellites_ls = tolerance_ls("satellites");
    const double sites_ls = tolerance_ls("sites");
    const double probes_ls = tolerance_ls("probes");
    tolerance.expect_no_other_keys();
    system.lunar = parse_lunar_theory(Section(yaml["moon_theory"]));
    read_bundles(Section(yaml["bundles"]));
    for_each(yaml, "bodies", [&](Section& entry) { add_body(entry, bodies_ls); });
    for_each(yaml, "satellites", [&](Section& entry) { add_satellite(entry, satellites_ls); });
    for_each(yaml, "sites", [&](Section& entry) { add_site(entry, sites_ls); });
    for_each(yaml, "probes", [&](Section& entry) { add_probe(entry, probes_ls); });
    for_each(yaml, "links", [&](Section& entry) { add_links(entry); });
    for_each(yaml, "flows", [&](Section& entry) { add_flow(entry); });
    yaml.expect_no_other_keys();
    return std::move(scenario_);
  }

private:
  template <class Read>
  static void for_each(Section& yaml, const std::string& key, Read read_entry) {
    if (!yaml.has(key))
      return;
    for (const auto& value : yaml[key].list()) {
      Section entry(value);
      read_entry(entry);
      entry.expect_no_other_keys();
    }
  }

  void read_bundles(Section yaml) {
    scenario_.damaged_share = yaml["damaged_share"].number(0, 0.9);
    scenario_.longest_transmission_s = yaml["longest_transmission_s"].number(1, 1e9);
    yaml.expect_no_other_keys();
  }

  MobileId known(const Value& value) const {
    const auto name = value.text();
    const auto id = scenario_.system.find(name);
    if (!id)
      value.fail("'" + name + "' is not defined above this line");
    return *id;
  }

  MobileId turning_body(const Value& value) const {
    const auto id = known(value);
    const auto& globe = scenario_.system[id].globe;
    if (!globe || !globe->rotation)
      value.fail("'" + value.text() + "' needs a globe with a rotation to be circled or stood on");
    return id;
  }

  std::vector<MobileId> known_list(const Value& value) const {
    std::vector<MobileId> ids;
    for (const auto& entry : value.list())
      ids.push_back(known(entry));
    return ids;
  }

  std::string new_name(Section& yaml) const {
    const auto value = yaml["name"];
    if (scenario_.system.find(value.text()))
      value.fail("'" + value.text() + "' is defined twice");
    return value.text();
  }

  void add_body(Section& yaml, double tolerance_ls) {
    Mobile body{new_name(yaml), {}, {}, tolerance_ls};
    const bool origin = yaml.flag_or("at_origin", false);
    const bool planet = yaml.has("planet");
    const bool moon = yaml.has("moon_of");
    if (origin + planet + moon != 1)
      yaml.fail("a body has exactly one of at_origin: true, planet and moon_of");
    if (planet)
      body.motion = parse_planet(Section(yaml["planet"]));
    if (moon)
      body.motion = LunarOrbit{earth(yaml["moon_of"])};
    if (yaml.has("globe"))
      body.globe = parse_globe(Section(yaml["globe"]));
    scenario_.system.mobiles.push_back(std::move(body));
  }

  MobileId earth(const Value& value) const {
    const auto id = known(value);
    const auto* orbit = std::get_if<PlanetOrbit>(&scenario_.system[id].motion);
    if (orbit == nullptr || !orbit->is_earth_moon_barycentre)
      value.fail("the moon theory is the Moon's: moon_of must name the planet with "
                 "earth_moon_barycentre: true");
    return id;
  }

  void add_satellite(Section& yaml, double tolerance_ls) {
    SatelliteOrbit orbit;
    const auto name = new_name(yaml);
    orbit.body = turning_body(yaml["around"]);
    const auto altitudes_km = yaml["altitude_km"].pair(0, 1e7);
    orbit.periapsis_altitude_km = altitudes_km[0];
    orbit.apoapsis_altitude_km = altitudes_km[1];
    if (orbit.apoapsis_altitude_km < orbit.periapsis_altitude_km)
      yaml.fail("'altitude_km' is [periapsis, apoapsis], and the apoapsis is not the lower");
    orbit.inclination_deg = yaml["inclination_deg"].number(0, 180);
    orbit.node_deg = yaml["node_deg"].number(-360, 360);
    orbit.argument_of_periapsis_deg = yaml["argument_of_periapsis_deg"].number(-360, 360);
    orbit.mean_anomaly_deg = yaml["mean_anomaly_deg"].number(-360, 360);
    orbit.frozen_periapsis = yaml.flag_or("frozen_periapsis", false);
    scenario_.system.mobiles.push_back({name, orbit, {}, tolerance_ls});
  }

  void add_site(Section& yaml, double tolerance_ls) {
    SurfaceSite site;
    const auto name = new_name(yaml);
    site.body = turning_body(yaml["on"]);
    const bool geodetic = yaml.has("geodetic_latitude_deg");
    if (geodetic == yaml.has("planetocentric_latitude_deg"))
      yaml.fail("a site has exactly one of geodetic_latitude_deg and planetocentric_latitude_deg");
    site.latitude_kind = geodetic ? Latitude::geodetic : Latitude::planetocentric;
    site.latitude_deg =
        yaml[geodetic ? "geodetic_latitude_deg" : "planetocentric_latitude_deg"].number(-90, 90);
    site.longitude_deg = yaml["longitude_deg"].number(-360, 360);
    site.height_km = yaml["height_km"].number(-20, 100);
    site.elevation_mask_deg = yaml["elevation_mask_deg"].number(0, 89);
    scenario_.system.mobiles.push_back({name, site, {}, tolerance_ls});
  }

  void add_probe(Section& yaml, double tolerance_ls) {
    StraightFlight flight;
    const auto name = new_name(yaml);
    flight.distance_au = yaml["distance_au"].number(1, 1e5);
    flight.right_ascension_deg = yaml["right_ascension_deg"].number(-360, 360);
    flight.declination_deg = yaml["declination_deg"].number(-90, 90);
    flight.speed_au_per_year = yaml["speed_au_per_year"].number(0, 100);
    scenario_.system.mobiles.push_back({name, flight, {}, tolerance_ls});
  }

  void add_links(Section& yaml) {
    const auto from = known_list(yaml["from"]);
    const auto to = known_list(yaml["to"]);
    const double rate_bit_s = yaml["rate_bit_s"].number(1, 1e12);
    const double back_bit_s = yaml["back_bit_s"].number(1, 1e12);
    for (const auto a : from)
      for (const auto b : to) {
        if (a == b)
          yaml.fail("'" + scenario_.system[a].name + "' cannot have a link with itself");
        scenario_.links.push_back({a, b, rate_bit_s});
        scenario_.links.push_back({b, a, back_bit_s});
      }
  }

  void add_flow(Section& yaml) {
    Flow flow;
    flow.name = yaml["name"].text();
    flow.source = known(yaml["from"]);
    flow.destinations = known_list(yaml["to"]);
    flow.bundle_bytes = yaml["bundle_bytes"].number(1, 1e12);
    flow.every_s = yaml["every_s"].number(1, 1e9);
    flow.lifetime_s = yaml.number_or("lifetime_s", infinite, 1, 1e12);
    scenario_.flows.push_back(std::move(flow));
  }

  Scenario scenario_;
};

} // namespace

Scenario parse_scenario(const std::string& text, const std::string& name) {
  try {
    return ScenarioReader{}.read(Section(Value(YAML::Load(text), name, name)));
  } catch (const YAML::Exception& error) {
    throw ScenarioError(name + ":" + std::to_string(error.mark.line + 1) +
                        ": not valid YAML: " + error.msg);
  }
}

Scenario load_scenario(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf()))
    throw ScenarioError(path + ":1: cannot read this file, or it is empty");
  return parse_scenario(text.str(), path);
}

} // namespace interplanetary

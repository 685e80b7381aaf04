#pragma once

#include "solar_system.hpp"

#include <stdexcept>
#include <string>
#include <vector>

/// The YAML file as plain structs: the solar system, who may talk to whom, and what they send.
///
/// Failures: ScenarioError, whose text is "file:line: what was seen, and what is allowed". Unknown
///           keys, missing keys, wrong types, values out of range, unknown and repeated names are
///           errors. Nothing is guessed.
namespace interplanetary {

class ScenarioError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One direction of a radio link.
struct Link {
  MobileId from{};
  MobileId to{};
  double rate_bit_s{};
};

/// Bundles of one size that a source makes at fixed intervals, from t = 0 on. Any of the
/// destinations will do: the ground stations are one network.
struct Flow {
  std::string name;
  MobileId source{};
  std::vector<MobileId> destinations;
  double bundle_bytes{};
  double every_s{};
};

struct Scenario {
  SolarSystem system;
  double sun_keep_out_deg{};
  std::vector<Link> links; ///< in the order of the file, both directions of a pair in a row
  std::vector<Flow> flows;
};

/// Reads the scenario file at `path`.
Scenario load_scenario(const std::string& path);

/// Reads a scenario from text; errors call it `name`.
Scenario parse_scenario(const std::string& text, const std::string& name);

} // namespace interplanetary

#pragma once

#include "solar_system.hpp"

#include <cstdint>
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

/// The index of a link in Scenario::links, and of a flow in Scenario::flows.
enum class LinkId : std::uint32_t {};
enum class FlowId : std::uint32_t {};

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
  double lifetime_s{}; ///< a bundle that is older than this is not sent on; infinite: none is
};

struct Scenario {
  SolarSystem system;
  double sun_keep_out_deg{};
  double damaged_share{};          ///< of all transmissions: they arrive unusable
  double longest_transmission_s{}; ///< links that would need longer for a bundle do not carry it
  std::vector<Link> links;         ///< in the order of the file, both directions of a pair in a row
  std::vector<Flow> flows;

  const Link& operator[](LinkId id) const { return links[static_cast<std::size_t>(id)]; }
  const Flow& operator[](FlowId id) const { return flows[static_cast<std::size_t>(id)]; }
};

/// Reads the scenario file at `path`.
Scenario load_scenario(const std::string& path);

/// Reads a scenario from text; errors call it `name`.
Scenario parse_scenario(const std::string& text, const std::string& name);

} // namespace interplanetary

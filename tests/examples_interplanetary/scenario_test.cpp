#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

using namespace interplanetary;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string published_text() {
  std::ifstream file(published_path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The published file with the first `before` replaced, and the line where that was.
struct Edited {
  std::string text;
  std::string place;
};

Edited edited(const std::string& before, const std::string& after) {
  auto text = published_text();
  const auto at = text.find(before);
  REQUIRE(at != std::string::npos);
  const auto line =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return {text.replace(at, before.size(), after), "edited.yaml:" + std::to_string(line) + ":"};
}

std::string error_of(const std::string& text) {
  try {
    parse_scenario(text, "edited.yaml");
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_CASE("the published file loads whole") {
  const auto& scenario = published();
  CHECK(scenario.system.mobiles.size() == 22);
  CHECK(scenario.links.size() == 62);
  CHECK(scenario.flows.size() == 8);
  CHECK(scenario.system.epoch_jd == 2461041.5);
  CHECK_FALSE(scenario.system.find("Pluto").has_value());
}

TEST_CASE("an unknown key is refused with its line and the allowed keys") {
  const auto edit = edited("inclination_deg: 92.66", "inclinatoin_deg: 92.66");
  // The missing key is noticed first; as an additional key it is named itself.
  CHECK_THAT(error_of(edit.text), Contains("'inclination_deg' is missing"));
  const auto extra = edited("sun_keep_out_deg: 3.0", "sun_keep_out: 1\nsun_keep_out_deg: 3.0");
  CHECK_THAT(error_of(extra.text), StartsWith(extra.place) &&
                                       Contains("unknown key 'sun_keep_out'") &&
                                       Contains("sun_keep_out_deg"));
}

TEST_CASE("a value out of range is refused with the range") {
  const auto edit = edited("elevation_mask_deg: 10", "elevation_mask_deg: 100");
  CHECK_THAT(error_of(edit.text), StartsWith(edit.place) && Contains("is 100, allowed is 0 to 89"));
}

TEST_CASE("text where a number belongs is refused") {
  const auto edit = edited("height_km: 1.002", "height_km: high");
  CHECK_THAT(error_of(edit.text),
             StartsWith(edit.place) && Contains("'height_km' must be a number"));
  const auto nan = edited("height_km: 1.002", "height_km: .nan");
  CHECK_THAT(error_of(nan.text), Contains("must be a number"));
}

TEST_CASE("a name must be defined above its use, and once") {
  const auto unknown = edited("around: Mars", "around: Phobos");
  CHECK_THAT(error_of(unknown.text),
             StartsWith(unknown.place) && Contains("'Phobos' is not defined above this line"));
  const auto twice = edited("name: TGO", "name: MRO");
  CHECK_THAT(error_of(twice.text), StartsWith(twice.place) && Contains("'MRO' is defined twice"));
  const auto bare = edited("around: Mars", "around: Jupiter");
  CHECK_THAT(error_of(bare.text), Contains("needs a globe with a rotation"));
}

TEST_CASE("an epoch that is no date is refused with an example") {
  const auto edit = edited("2026-01-01T00:00 TDB", "New Year 2026");
  CHECK_THAT(error_of(edit.text),
             StartsWith(edit.place) && Contains("wanted is a date such as 2026-01-01T00:00 TDB"));
  CHECK_THAT(error_of(edited("2026-01-01T00:00 TDB", "2099-01-01T00:00 TDB").text),
             Contains("1800 to 2050"));
}

TEST_CASE("broken YAML and a missing file are errors with a place") {
  CHECK_THAT(error_of("epoch: [1, 2"), Contains("edited.yaml:") && Contains("not valid YAML"));
  CHECK_THAT(error_of(""), Contains("a map of keys and values is needed"));
  CHECK_THROWS_AS(load_scenario("/nonexistent.yaml"), ScenarioError);
}

TEST_CASE("a flow without a lifetime keeps its bundles for ever") {
  const auto& flows = published().flows;
  CHECK(flows[0].lifetime_s == std::numeric_limits<double>::infinity());
  CHECK(flows[5].lifetime_s == 266325.0);
  const auto edit = edited("lifetime_s: 266325", "lifetime_s: 0");
  CHECK_THAT(error_of(edit.text), StartsWith(edit.place) && Contains("'lifetime_s' is 0"));
}

TEST_CASE("the rules for bundles are needed, and checked") {
  CHECK_THAT(error_of(edited("damaged_share: 0.01", "").text),
             Contains("'damaged_share' is missing"));
  const auto edit = edited("damaged_share: 0.01", "damaged_share: 1");
  CHECK_THAT(error_of(edit.text), StartsWith(edit.place) && Contains("allowed is 0 to 0.9"));
}

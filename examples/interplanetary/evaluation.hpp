#pragma once

#include "mission.hpp"
#include "report.hpp"

#include <string>
#include <vector>

/// What the records of a run mean: bundles for the report, tables, curves, and the checks of the
/// run against the real solar system. Pure: records in, values and text out.
///
/// Units: seconds since the epoch, light-seconds.
namespace interplanetary {

/// All bundles that arrived, with the names of what they passed.
std::vector<DeliveredBundle> delivered_bundles(const Scenario& scenario,
                                               const std::vector<CraftLog>& crafts);

/// One line: how many bundles were made, and what became of them.
std::string bundle_account(const std::vector<CraftLog>& crafts);

/// A line per craft: traffic, repetitions, time on the air and the recorder that it needed.
std::string craft_table(const Scenario& scenario, const std::vector<CraftLog>& crafts,
                        double until_s);

/// A measured range of light times against what astronomers have published for the two bodies, and
/// each measurement against the ephemeris, from which it may differ by the bodies' tolerances.
struct LightTimeCheck {
  bool passed{};
  std::string text; ///< one line that says what was measured, and what is right
};

LightTimeCheck check_light_times(const Scenario& scenario, const LightTimes& measured);

/// The bare light time as a curve for the report.
Curve light_time_curve(const Scenario& scenario, const LightTimes& measured);

/// When Mars is too close to the Sun to be heard from Earth, if the scenario has the two.
std::vector<Outage> conjunctions(const Scenario& scenario, double until_s);

/// Distances from the Sun of Earth and Mars, labelled, and of every craft on or around them,
/// without a label: at this scale they are one line.
std::vector<Curve> distances_from_sun(const Scenario& scenario, double from_s, double until_s);

} // namespace interplanetary

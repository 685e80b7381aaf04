#pragma once

#include "libstos/options/run_options.hpp"
#include "libstos/world/run_summary.hpp"
#include "logbook.hpp"
#include "scenario.hpp"

#include <vector>

namespace interplanetary {

/// What a run left behind.
struct MissionRecord {
  stos::RunSummary summary;
  std::vector<CraftLog> crafts;
  std::vector<LightTimes> light_times; ///< of beacons from Earth to Mars and to the Moon
};

/// Flies every mobile of `scenario` from the epoch to `until_s` and lets its network work.
///
/// Bodies that are called Earth, Mars and Moon get beacons; without them there are no light times.
/// Failures: ScenarioError if a flow has no route; stos::SimulationError if the model fails.
MissionRecord run_mission(const Scenario& scenario, double until_s,
                          const stos::RunOptions& options);

} // namespace interplanetary

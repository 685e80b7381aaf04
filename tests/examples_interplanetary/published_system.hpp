#pragma once

#include "examples/interplanetary/ephemeris.hpp"
#include "examples/interplanetary/scenario.hpp"

#include <string>

namespace interplanetary {

inline const std::string published_path =
    STOS_SOURCE_DIR "/examples/interplanetary/solar_system.yaml";

/// The scenario file of the example, read once; tests never change it.
inline const Scenario& published() {
  static const Scenario scenario = load_scenario(published_path);
  return scenario;
}

inline MobileId mobile(const char* name) { return published().system.find(name).value(); }

inline double seconds_at(int year, int month, int day) {
  return (julian_date(year, month, day) - published().system.epoch_jd) * seconds_per_day;
}

} // namespace interplanetary

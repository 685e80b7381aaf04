// A delay-tolerant network in the solar system: bundles from rovers, orbiters and a probe reach the
// ground stations over links with finite rates, passes and light time; see solar_system.yaml.

#include "evaluation.hpp"
#include "libstos/stos.hpp"
#include "mission.hpp"
#include "report.hpp"
#include "scenario.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace interplanetary;

namespace {

struct Settings {
  double days = 365.0;
  std::string scenario; // empty: the one that comes with the example
  std::string out = "build/demo";
};

/// The scenario file next to the sources: seen from the repository, or from the program in its
/// build folder.
std::string default_scenario(const std::filesystem::path& program) {
  const std::filesystem::path name = "examples/interplanetary/solar_system.yaml";
  const std::vector<std::filesystem::path> places{name, program.parent_path() / "../../.." / name,
                                                  program.parent_path() / name.filename()};
  std::string tried;
  for (const auto& place : places) {
    std::error_code missing;
    if (std::filesystem::exists(place, missing))
      return place.string();
    tried += "\n  " + place.lexically_normal().string();
  }
  throw ScenarioError("no scenario file; run this from the repository, or name the file with "
                      "--scenario. Looked for:" +
                      tried);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file)
    throw std::runtime_error("cannot write " + path.string());
  std::cout << "  " << path.string() << '\n';
}

// Before the run: no user shall wait for files that cannot be written.
void make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    throw std::runtime_error("cannot make the folder " + folder.string() + ": " +
                             failure.message());
}

void write_files(const std::filesystem::path& folder, const Scenario& scenario,
                 const MissionRecord& record, const std::vector<DeliveredBundle>& bundles,
                 double until_s) {
  const double epoch_jd = scenario.system.epoch_jd;
  std::vector<Curve> light;
  for (const auto& times : record.light_times)
    light.push_back(light_time_curve(scenario, times));

  // A window in which light visibly takes its time, in the middle of the run.
  const double window_s = std::min(12.0 * 3600.0, until_s);
  const double middle_s = std::floor(0.5 * until_s / seconds_per_day) * seconds_per_day;
  const double window_from_s = std::min(middle_s, until_s - window_s);
  const double window_until_s = window_from_s + window_s;

  std::cout << "files\n";
  write_file(folder / "bundles.csv", bundles_csv(bundles));
  write_file(folder / "delays.svg",
             delay_svg({"Delay of bundles through the solar system", epoch_jd, 0.0, until_s},
                       bundles, light, conjunctions(scenario, until_s)));
  write_file(
      folder / "spacetime.svg",
      spacetime_svg({"Bundles between Mars and Earth, " + calendar_date(epoch_jd, window_from_s),
                     epoch_jd, window_from_s, window_until_s},
                    distances_from_sun(scenario, window_from_s, window_until_s), bundles));
}

int run(const Settings& settings, const std::filesystem::path& program,
        const stos::RunOptions& options) {
  const std::string path =
      settings.scenario.empty() ? default_scenario(program) : settings.scenario;
  const Scenario scenario = load_scenario(path);
  const double until_s = options.end_time_s.value_or(settings.days * seconds_per_day);
  const double epoch_jd = scenario.system.epoch_jd;
  if (!options.digest_only)
    std::cout << "interplanetary: " << scenario.system.mobiles.size() << " mobiles, "
              << scenario.links.size() << " links, " << scenario.flows.size() << " flows, from "
              << calendar_date(epoch_jd, 0.0) << " to " << calendar_date(epoch_jd, until_s) << '\n'
              << std::flush;
  if (!options.digest_only)
    make_folder(settings.out);

  const MissionRecord record = run_mission(scenario, until_s, options);
  std::vector<LightTimeCheck> checks;
  for (const auto& times : record.light_times)
    checks.push_back(check_light_times(scenario, times));

  if (options.digest_only) {
    std::cout << record.summary.digests() << '\n';
  } else {
    const auto bundles = delivered_bundles(scenario, record.crafts);
    std::cout << '\n' << delay_table(route_delays(bundles)) << '\n';
    std::cout << craft_table(scenario, record.crafts, until_s) << '\n';
    std::cout << bundle_account(record.crafts) << '\n';
    if (!checks.empty())
      std::cout << "light times\n";
    for (const auto& check : checks)
      std::cout << "  " << check.text << '\n';
    std::cout << '\n' << record.summary.to_string() << '\n';
    write_files(settings.out, scenario, record, bundles, until_s);
  }

  bool passed = true;
  for (const auto& check : checks)
    if (!check.passed) {
      std::cerr << "interplanetary: wrong light time: " << check.text << '\n';
      passed = false;
    }
  return passed ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  Settings settings;
  return stos::run_main(
      argc, argv,
      "A delay-tolerant network in the solar system: a year of bundles between rovers, orbiters, "
      "a probe and ground stations, on published orbits.",
      [&](stos::CommandLine& cli) {
        cli.option("--days", settings.days, "days to simulate from the epoch on", 0.01, 8000.0);
        cli.option("--scenario", settings.scenario,
                   "the scenario file (default: solar_system.yaml of the example)");
        cli.option("--out", settings.out, "folder for the CSV file and the pictures");
      },
      [&](const stos::RunOptions& options) {
        return run(settings, argc > 0 ? argv[0] : "", options);
      });
}

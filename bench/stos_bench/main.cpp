// Judges the speed of libstos by ratios to hand-written engines that run beside it, in turns.

#include "bench/stos_bench/calibration.hpp"
#include "bench/stos_bench/cuts.hpp"
#include "bench/stos_bench/family.hpp"
#include "bench/stos_bench/footprint.hpp"
#include "bench/stos_bench/report.hpp"
#include "bench/stos_bench/sweep.hpp"
#include "config/command_line.hpp"

#include <fstream>
#include <iostream>
#include <regex>

using namespace stos;
using namespace stos::bench;

namespace {

struct Arguments {
  std::string only;
  std::string csv;
  std::string plot;
  std::uint32_t rounds = 0;
  bool quick = false;
  bool full = false;
  bool sweep = false;
  bool family = false;
  bool cuts = false;
  bool markdown = false;
};

void declare(CommandLine& command_line, Arguments& arguments) {
  command_line.option("--only", arguments.only, "what matches this regular expression");
  command_line.option("--repeat", arguments.rounds, "rounds; 0: as the effort says", 0, 1000);
  command_line.option("--csv", arguments.csv, "file that receives every run");
  command_line.flag("--quick", arguments.quick,
                    "about a minute: short runs, and of a million agents only idle ones");
  command_line.flag("--full", arguments.full, "all workloads, five rounds, longer runs");
  command_line.flag("--markdown", arguments.markdown, "tables for docs/performance.md");
  command_line.flag("--sweep", arguments.sweep, "rates over agents, tokens and channels instead");
  command_line.flag(
      "--family", arguments.family,
      "only ordinary models, on the serial engine, workers and nodes, by their sizes");
  command_line.flag("--cuts", arguments.cuts,
                    "only what cuts cost: the rate, the pause, what is stored, the restart");
  command_line.option("--plot", arguments.plot,
                      "SVG file that receives the curves of --sweep or --family");
}

class Program {
public:
  Program(const Arguments& arguments, const RunOptions& options)
      : arguments_(arguments), options_(options), workers_(options.workers.value_or(2)) {
    if (arguments_.quick)
      effort_ = {3, 0.3, 5};
    if (arguments_.full)
      effort_ = {5, 2, 1e9};
    if (arguments_.rounds > 0)
      effort_ = {static_cast<int>(arguments_.rounds), effort_.run_s, 1e9};
  }

  int run() {
    const Calibration before = calibrate();
    std::vector<Verdict> verdicts;
    if (arguments_.sweep) {
      sweep();
    } else if (arguments_.family) {
      measure_family();
      verdicts = verdicts_of(family_);
    } else if (arguments_.cuts) {
      verdicts = measure_all_cuts();
    } else {
      measure_workloads();
      verdicts = verdicts_of(measurements_);
      const std::vector<Verdict> footprint = measure_idle_lattice();
      verdicts.insert(verdicts.end(), footprint.begin(), footprint.end());
      measure_family();
      const std::vector<Verdict> of_family = verdicts_of(family_);
      verdicts.insert(verdicts.end(), of_family.begin(), of_family.end());
    }
    print(verdict_table(verdicts));
    print(rates_table(measurements_));
    print(family_table(family_));
    print(cuts_table(cuts_));
    const char* const new_line = arguments_.markdown ? "  \n" : "\n";
    std::cout << "\nmachine before: " << before.to_string() << new_line
              << "machine after: " << calibrate().to_string() << '\n';
    if (!arguments_.csv.empty())
      write(arguments_.csv, arguments_.family ? to_csv(family_) : to_csv(measurements_));
    return conclude();
  }

private:
  [[nodiscard]] bool is_chosen(const std::string& name) const {
    return arguments_.only.empty() || std::regex_search(name, std::regex(arguments_.only));
  }

  const Measurement& measure_one(const Workload& workload) {
    std::cerr << "stos_bench: " << workload.name << std::endl;
    return measurements_.emplace_back(measure(workload, effort_, options_));
  }

  void measure_workloads() {
    for (const Workload& workload : all_workloads(workers_)) {
      const bool by_default =
          (arguments_.full || !workload.only_full) && (!arguments_.quick || !workload.large);
      if (is_chosen(workload.name) && (by_default || !arguments_.only.empty()))
        measure_one(workload);
    }
  }

  std::vector<Verdict> measure_idle_lattice() {
    constexpr std::uint32_t agents = 1'000'000;
    const std::string name = "idle lattice " + short_number(agents);
    if (!is_chosen(name))
      return {};
    std::cerr << "stos_bench: " << name << std::endl;
    std::vector<Footprint> footprints;
    for (int round = 0; round < effort_.rounds; ++round) {
      if (const Result<Footprint> footprint = measure_footprint(agents, options_))
        footprints.push_back(*footprint);
      else
        failures_.push_back(name + ": " + footprint.error().context);
    }
    return verdicts_of(footprints, agents);
  }

  // By default, and in a hurry, all members at one size or two; their sizes have a mode of their
  // own.
  [[nodiscard]] FamilyEffort family_effort() const {
    FamilyEffort effort;
    if (arguments_.quick)
      effort = {1, 200'000, 10'000, 100};
    else if (arguments_.full)
      effort = {5, 1e6, 100'000, 100};
    if (!arguments_.family)
      effort.agents_min = effort.agents_max = 1'000;
    if (arguments_.rounds > 0)
      effort.rounds = static_cast<int>(arguments_.rounds);
    return effort;
  }

  void measure_family() {
    const FamilyEffort effort = family_effort();
    for (const FamilyMember& member : family())
      for (const std::uint32_t agents : member.sizes) {
        const std::string name = member.name + " " + short_number(agents);
        if (!is_chosen(name) || agents < effort.agents_min || agents > effort.agents_max)
          continue;
        std::cerr << "stos_bench: " << name << std::endl;
        family_.push_back(measure(member, agents, effort));
        failures_.insert(failures_.end(), family_.back().failures.begin(),
                         family_.back().failures.end());
      }
    if (arguments_.family && !arguments_.plot.empty())
      write(arguments_.plot, plot_svg("What an event costs in ordinary models",
                                      "microseconds of processor time", family_panels(family_)));
  }

  // A million agents take some minutes.
  std::vector<Verdict> measure_all_cuts() {
    struct Row {
      std::uint32_t agents;
      double every_s;
      double window_s;
      int pairs;
    };
    std::vector<Verdict> verdicts;
    for (const Row& row : {Row{100'000, 5, 5, arguments_.full ? 9 : 5},
                           Row{1'000'000, 60, 20, arguments_.full ? 5 : 3}}) {
      const std::string name = "cuts of a lattice " + short_number(row.agents);
      if (!is_chosen(name) || (arguments_.quick && row.agents > 100'000))
        continue;
      std::cerr << "stos_bench: " << name << std::endl;
      const Result<CutCosts> costs =
          measure_cuts(row.agents, row.every_s, row.window_s, row.pairs, options_);
      if (!costs) {
        failures_.push_back(name + ": " + costs.error().context);
        continue;
      }
      cuts_.push_back(*costs);
      const std::vector<Verdict> of_row = verdicts_of(*costs);
      verdicts.insert(verdicts.end(), of_row.begin(), of_row.end());
    }
    measure_idle_crowd(verdicts);
    return verdicts;
  }

  void measure_idle_crowd(std::vector<Verdict>& verdicts) {
    constexpr std::uint32_t agents = 100'000;
    const std::string name = "idle crowd " + short_number(agents);
    if (!is_chosen(name))
      return;
    std::cerr << "stos_bench: " << name << std::endl;
    if (const Result<double> part = measure_second_cut(agents, options_))
      verdicts.push_back({name, "serial", "% of the first cut, 1 % changed", *part * 100, 3, 2});
    else
      failures_.push_back(name + ": " + part.error().context);
  }

  void sweep() {
    std::vector<Panel> panels;
    for (const Sweep& sweep : all_sweeps(workers_)) {
      if (!is_chosen(sweep.title))
        continue;
      std::vector<Measurement> measured;
      for (const auto& point : sweep.points)
        if (!arguments_.quick || point.second.model.sites < 1'000'000)
          measured.push_back(measure_one(point.second));
      panels.push_back(panel_of(sweep, measured));
    }
    if (!arguments_.plot.empty())
      write(arguments_.plot,
            plot_svg("Spatial PHOLD on a periodic lattice", "hops per second", panels));
  }

  void print(const TextTable& table) const {
    if (!table.empty())
      std::cout << '\n' << (arguments_.markdown ? table.to_markdown() : table.to_text());
  }

  void write(const std::string& path, const std::string& content) {
    std::ofstream file(path);
    file << content;
    file.flush();
    if (!file)
      failures_.push_back("cannot write to " + path);
  }

  int conclude() {
    for (const Measurement& measurement : measurements_) {
      for (const std::string& remark : measurement.remarks)
        std::cout << "note: " << remark << '\n';
      failures_.insert(failures_.end(), measurement.failures.begin(), measurement.failures.end());
    }
    for (const std::string& failure : failures_)
      std::cout << "FAILED: " << failure << '\n';
    return failures_.empty() ? 0 : 1;
  }

  const Arguments& arguments_;
  const RunOptions& options_;
  std::uint32_t workers_;
  Effort effort_;
  std::vector<Measurement> measurements_;
  std::vector<FamilyRow> family_;
  std::vector<CutCosts> cuts_;
  std::vector<std::string> failures_;
};

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  return run_main(
      argc, argv, "Judges speed by ratios to hand-written engines that run beside it.",
      [&](CommandLine& command_line) { declare(command_line, arguments); },
      [&](const RunOptions& options) { return Program(arguments, options).run(); });
}

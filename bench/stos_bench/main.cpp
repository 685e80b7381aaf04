// Judges the speed of libstos by ratios to hand-written engines that run beside it, in turns.

#include "bench/stos_bench/report.hpp"
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
  std::uint32_t rounds = 0;
  bool quick = false;
  bool full = false;
  bool markdown = false;
};

Effort effort_of(const Arguments& arguments) {
  Effort effort;
  if (arguments.quick)
    effort = {1, 0.3, 5};
  if (arguments.full)
    effort = {5, 2, 1e9};
  if (arguments.rounds > 0)
    effort = {static_cast<int>(arguments.rounds), effort.run_s, 1e9};
  return effort;
}

std::vector<Workload> chosen_workloads(const Arguments& arguments, std::uint32_t workers) {
  std::vector<Workload> workloads = all_workloads(workers);
  const std::regex pattern(arguments.only);
  std::erase_if(workloads, [&](const Workload& workload) {
    if (!arguments.only.empty())
      return !std::regex_search(workload.name, pattern);
    return (arguments.quick && workload.large) || (!arguments.full && workload.only_full);
  });
  return workloads;
}

int judge(const Arguments& arguments, const RunOptions& options) {
  std::vector<Measurement> measurements;
  for (const Workload& workload : chosen_workloads(arguments, options.workers.value_or(2))) {
    std::cerr << "stos_bench: " << workload.name << std::endl;
    measurements.push_back(measure(workload, effort_of(arguments), options));
  }
  const auto print = [&](const TextTable& table) {
    std::cout << '\n' << (arguments.markdown ? table.to_markdown() : table.to_text());
  };
  print(rates_table(measurements));
  print(verdict_table(verdicts_of(measurements)));
  if (!arguments.csv.empty())
    std::ofstream(arguments.csv) << to_csv(measurements);
  bool failed = false;
  for (const Measurement& measurement : measurements) {
    for (const std::string& remark : measurement.remarks)
      std::cout << "note: " << remark << '\n';
    for (const std::string& failure : measurement.failures)
      std::cout << "FAILED: " << failure << '\n';
    failed |= !measurement.failures.empty();
  }
  return failed ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  return run_main(
      argc, argv, "Judges speed by ratios to hand-written engines that run beside it.",
      [&](CommandLine& command_line) {
        command_line.option("--only", arguments.only, "workloads that match this expression");
        command_line.option("--repeat", arguments.rounds, "rounds; 0: as the effort says", 0, 1000);
        command_line.option("--csv", arguments.csv, "file that receives every run");
        command_line.flag("--quick", arguments.quick, "one short round, no large workloads");
        command_line.flag("--full", arguments.full, "all workloads, five rounds, longer runs");
        command_line.flag("--markdown", arguments.markdown, "tables for docs/performance.md");
      },
      [&](const RunOptions& options) { return judge(arguments, options); });
}

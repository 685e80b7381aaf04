// Runs one ordinary workload on the engine that the options choose, and says what it cost.

#include "bench/ordinary/ordinary.hpp"

#include <sys/resource.h>

#include <iomanip>
#include <iostream>

using namespace stos;
using namespace stos::bench;

namespace {

struct Arguments {
  std::string workload = "colocated";
  Load load;
  double events = 200'000;
  bool line = false;
};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const OrdinaryWorkload& workload : ordinary_workloads())
    all.emplace_back(workload.name);
  return all;
}

void declare(CommandLine& command_line, Arguments& arguments) {
  std::string meaning = "what to run:";
  for (const OrdinaryWorkload& workload : ordinary_workloads())
    meaning += std::string("\n  ") + workload.name + ": " + workload.meaning;
  Load& load = arguments.load;
  command_line.choice("--workload", arguments.workload, names(), meaning);
  command_line.option("--n", load.agents, "agents", 1, 1'000'000);
  command_line.option(
      "--events", arguments.events,
      "about how many events to execute, if --end-time does not say how long to run", 1, 1e12);
  command_line.option("--group", load.group, "agents in one place (colocated); 0: all", 0,
                      1'000'000);
  command_line.option("--apart", load.apart, "light-seconds between agents of a group (colocated)",
                      0, 1e6);
  command_line.option("--speed", load.speed, "with which groups fly together (colocated)", 0,
                      0.999);
  command_line.option("--jitter", load.jitter,
                      "ticks are 1 to 1 + jitter seconds apart (colocated)", 0, 1000);
  command_line.flag("--line", arguments.line,
                    "one line for programs: digest, events, processor seconds of the user and of "
                    "the system, wall seconds, activations, empty activations, wakeups");
}

struct ProcessorTime {
  double user_s, system_s;

  static ProcessorTime now() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
  }
};

void print(const Arguments& arguments, const RunSummary& summary, const ProcessorTime& spent) {
  const auto events = static_cast<double>(summary.absorbed);
  const EngineCounters& engine = summary.engine_counters;
  if (arguments.line) {
    std::cout << summary.digest.to_string() << ' ' << summary.absorbed << ' ' << spent.user_s << ' '
              << spent.system_s << ' ' << summary.wall_time_s << ' ' << engine.activations << ' '
              << engine.empty_activations << ' ' << engine.wakeups << '\n';
    return;
  }
  std::cout << "workload        " << arguments.workload << ", " << arguments.load.agents
            << " agents\n"
            << summary.to_string() << "processor       " << spent.user_s << " s user, "
            << spent.system_s << " s system (" << 1e6 * spent.user_s / events
            << " us user per event)\n"
            << "activations     " << static_cast<double>(engine.activations) / events
            << " per event, " << static_cast<double>(engine.empty_activations) / events
            << " of them empty; " << engine.wakeups << " wakeups\n";
}

int run(const Arguments& arguments, const RunOptions& options) {
  const OrdinaryWorkload& workload = *find_workload(arguments.workload);
  if (arguments.load.agents > workload.agents_max)
    throw UsageError(Errc::bad_argument, std::string(workload.name) + " goes up to " +
                                             std::to_string(workload.agents_max) + " agents");
  OrdinarySimulation simulation(options);
  Load load = arguments.load;
  load.seed = options.seed;
  {
    const auto scope = simulation.set_up();
    workload.build(load);
  }
  const ProcessorTime before = ProcessorTime::now();
  const RunSummary summary = simulation.run(end_time_for(workload, load, arguments.events));
  const ProcessorTime after = ProcessorTime::now();
  if (options.digest_only)
    std::cout << summary.digest.to_string() << '\n';
  else
    print(arguments, summary, {after.user_s - before.user_s, after.system_s - before.system_s});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  return run_main(
      argc, argv, "Runs a model as people bring them, and says what it costs.",
      [&](CommandLine& command_line) { declare(command_line, arguments); },
      [&](const RunOptions& options) { return run(arguments, options); });
}

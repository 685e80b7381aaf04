#include "bench/stos_bench/family.hpp"

#include "bench/stos_bench/program_run.hpp"
#include "bench/stos_bench/stopwatch.hpp"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <sstream>

namespace stos::bench {
namespace {

constexpr std::array all_hosts{Host::serial, Host::one_worker, Host::two_workers, Host::two_nodes};

constexpr std::size_t index(Host host) { return static_cast<std::size_t>(host); }

// Programs of this build lie beside this one.
std::string built(const std::string& path) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / path).lexically_normal();
}

std::vector<std::string> command_of(const FamilyMember& member, std::uint32_t agents, Host host,
                                    double events) {
  std::vector<std::string> words;
  if (host == Host::two_nodes)
    words = {built("../bin/stos"), "run", "-n", "2"};
  words.push_back(built("stos_ordinary"));
  words.insert(words.end(), member.arguments.begin(), member.arguments.end());
  for (const std::string& word : {std::string("--line"), std::string("--n"), std::to_string(agents),
                                  std::string("--events"), std::to_string(events)})
    words.push_back(word);
  switch (host) {
    case Host::serial: words.emplace_back("--serial"); break;
    case Host::one_worker:
    case Host::two_nodes: words.insert(words.end(), {"--workers", "1"}); break;
    case Host::two_workers: words.insert(words.end(), {"--workers", "2"}); break;
  }
  return words;
}

// What a run of stos_ordinary has said with --line.
Result<FamilyRun> parse_line(const std::string& line) {
  std::istringstream words(line);
  FamilyRun run;
  double user_s = 0, system_s = 0;
  if (!(words >> run.digest >> run.events >> user_s >> system_s >> run.wall_s >> run.activations >>
        run.empty_activations))
    return Error{Errc::io_error, "cannot read what it has said: " + line};
  run.cpu_s = user_s + system_s;
  return run;
}

// The lines of all nodes begin with their names; `stos run` itself says where one can watch them.
Result<FamilyRun> parse_nodes(const std::string& output) {
  FamilyRun all;
  std::istringstream lines(output);
  int nodes = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t bar = line.find(" | ");
    if (bar == std::string::npos)
      continue;
    const Result<FamilyRun> one = parse_line(line.substr(bar + 3));
    if (!one)
      return one;
    if (nodes++ > 0 && one->digest != all.digest)
      return Error{Errc::io_error, "its nodes disagree about the digest: " + output};
    const double cpu_s = all.cpu_s, wall_s = all.wall_s;
    all = *one;
    all.cpu_s += cpu_s;
    all.wall_s = std::max(all.wall_s, wall_s);
  }
  if (nodes != 2)
    return Error{Errc::io_error, "expected a line of each of 2 nodes: " + output};
  return all;
}

/// Runs one row.
class Measuring {
public:
  Measuring(const FamilyMember& member, std::uint32_t agents, const FamilyEffort& effort)
      : member_(member), events_(std::max(effort.events, 4.0 * agents)) {
    row_.name = member.name;
    row_.agents = agents;
    row_.is_parallel = member.parallel_at != 0 && agents >= member.parallel_at;
  }

  FamilyRow run(int rounds) {
    for (int round = 0; round < rounds && row_.failures.empty(); ++round)
      for (std::size_t i = 0; i < hosts; ++i)
        // The serial engine goes first in the first round: it says how long others may take.
        run_once(all_hosts[round % 2 == 0 ? i : hosts - 1 - i]);
    return std::move(row_);
  }

private:
  void run_once(Host host) {
    if (row_.stopped_at_s[index(host)] > 0 || !row_.failures.empty())
      return;
    const Result<ProgramRun> program =
        run_program(command_of(member_, row_.agents, host, events_), limit_s(host));
    if (!program)
      return fail(host, program.error().context);
    if (program->stopped) {
      row_.stopped_at_s[index(host)] = limit_s(host);
      return;
    }
    if (program->exit_code != 0)
      return fail(host, "exit code " + std::to_string(program->exit_code) + ": " + program->output);
    const Result<FamilyRun> run =
        host == Host::two_nodes ? parse_nodes(program->output) : parse_line(program->output);
    if (!run)
      return fail(host, run.error().context);
    if (host == Host::serial && row_.runs[0].empty())
      serial_ = *run;
    if (run->digest != serial_.digest || run->events != serial_.events)
      return fail(host, "digest " + run->digest + " after " + std::to_string(run->events) +
                            " events, but the serial engine has " + serial_.digest + " after " +
                            std::to_string(serial_.events));
    row_.runs[index(host)].push_back(*run);
  }

  [[nodiscard]] double limit_s(Host host) const {
    constexpr double of_serial = 120, at_least = 2, times_serial = 20;
    return host == Host::serial && row_.runs[0].empty()
               ? of_serial
               : at_least + times_serial * serial_.wall_s + set_up_s();
  }

  // What comes before and after the run, which is not in wall_s.
  [[nodiscard]] double set_up_s() const { return 50e-6 * row_.agents; }

  void fail(Host host, const std::string& why) {
    row_.failures.push_back(row_.name + ", " + std::to_string(row_.agents) + " agents, " +
                            name_of(host) + ": " + why);
  }

  const FamilyMember& member_;
  double events_;
  FamilyRow row_;
  FamilyRun serial_;
};

double ratio(const FamilyRow& row, Host host, double FamilyRun::*quantity) {
  const std::vector<FamilyRun>& serial = row.runs[0];
  const std::vector<FamilyRun>& runs = row.runs[index(host)];
  if (serial.empty())
    return 0;
  if (row.stopped_at_s[index(host)] > 0)
    return row.stopped_at_s[index(host)] / serial.front().*quantity;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(serial.size(), runs.size()); ++i)
    ratios.push_back(runs[i].*quantity / serial[i].*quantity);
  return median(ratios);
}

double median_of(const std::vector<FamilyRun>& runs, double (*value)(const FamilyRun&)) {
  std::vector<double> values;
  for (const FamilyRun& run : runs)
    values.push_back(value(run));
  return median(values);
}

std::string shown(const FamilyRow& row, Host host, double value) {
  return (row.stopped_at_s[index(host)] > 0 ? "> " : "") + show(value, 2);
}

} // namespace

const char* name_of(Host host) {
  switch (host) {
    case Host::serial: return "serial";
    case Host::one_worker: return "1 worker";
    case Host::two_workers: return "2 workers";
    case Host::two_nodes: return "2 nodes";
  }
  return "?";
}

double FamilyRow::cpu_ratio(Host host) const { return ratio(*this, host, &FamilyRun::cpu_s); }
double FamilyRow::wall_ratio(Host host) const { return ratio(*this, host, &FamilyRun::wall_s); }

double FamilyRow::cost_per_event_us(Host host) const {
  return median_of(runs[index(host)], [](const FamilyRun& run) {
    return 1e6 * run.cpu_s / static_cast<double>(run.events);
  });
}

std::vector<FamilyMember> family() {
  const std::vector<std::uint32_t> sizes{100, 1'000, 10'000, 100'000};
  const auto member = [&](std::string name, std::vector<std::string> more,
                          std::uint32_t parallel_at = 0) {
    const std::string workload = name.substr(0, name.find(','));
    more.insert(more.begin(), {"--workload", workload});
    return FamilyMember{std::move(name), std::move(more), sizes, parallel_at};
  };
  std::vector<FamilyMember> all{
      member("colocated, pairs", {}),
      member("colocated, pairs, jittered", {"--jitter", "0.1"}),
      member("colocated, pairs that fly", {"--speed", "0.5"}),
      member("colocated, crowds of 100", {"--group", "100"}),
      member("colocated, all", {"--group", "0", "--jitter", "0.1"}),
      member("moving", {}, 2'000),
      member("whole_seconds", {}),
      member("hub", {}),
      member("all_to_all", {}),
      member("grid_model", {}),
      member("queueing", {}, 100),
  };
  for (FamilyMember& each : all) {
    if (each.name == "all_to_all")
      each.sizes = {100, 200, 500, 1'000}; // channels are the square of that
    if (each.name == "moving")
      each.sizes = {100, 1'000, 2'000, 10'000, 100'000};
  }
  return all;
}

FamilyRow measure(const FamilyMember& member, std::uint32_t agents, const FamilyEffort& effort) {
  return Measuring(member, agents, effort).run(effort.rounds);
}

std::vector<Verdict> verdicts_of(const std::vector<FamilyRow>& rows) {
  constexpr double tolerable = 1.5, goal = 1;
  constexpr double parallel = 0.83, parallel_goal = 0.6; // 1.2 and 1.6 times as fast
  std::vector<Verdict> verdicts;
  for (const FamilyRow& row : rows) {
    const std::string name = row.name + " " + short_number(row.agents);
    verdicts.push_back({name, "1", "of serial's processor time", row.cpu_ratio(Host::one_worker),
                        tolerable, goal});
    verdicts.push_back({name, "2", "of serial's wall time", row.wall_ratio(Host::two_workers),
                        row.is_parallel ? parallel : tolerable,
                        row.is_parallel ? parallel_goal : goal});
  }
  return verdicts;
}

TextTable family_table(const std::vector<FamilyRow>& rows) {
  TextTable table({"workload", "agents", "events", "serial us/event", "1 worker cpu", "wall",
                   "2 workers cpu", "wall", "2 nodes cpu", "wall", "activ./event, 2 workers",
                   "empty %"});
  for (const FamilyRow& row : rows) {
    std::vector<std::string> cells{row.name, short_number(row.agents),
                                   row.runs[0].empty() ? ""
                                                       : std::to_string(row.runs[0].front().events),
                                   show(row.cost_per_event_us(Host::serial), 3)};
    for (const Host host : {Host::one_worker, Host::two_workers, Host::two_nodes}) {
      cells.push_back(shown(row, host, row.cpu_ratio(host)));
      cells.push_back(shown(row, host, row.wall_ratio(host)));
    }
    const std::vector<FamilyRun>& two = row.runs[index(Host::two_workers)];
    cells.push_back(show(median_of(two,
                                   [](const FamilyRun& run) {
                                     return static_cast<double>(run.activations) /
                                            static_cast<double>(run.events);
                                   }),
                         3));
    cells.push_back(show(median_of(two,
                                   [](const FamilyRun& run) {
                                     return 100 * static_cast<double>(run.empty_activations) /
                                            static_cast<double>(run.activations);
                                   }),
                         1));
    table.add(std::move(cells));
  }
  return table;
}

std::vector<Panel> family_panels(const std::vector<FamilyRow>& rows) {
  std::vector<Panel> panels;
  for (const FamilyRow& row : rows) {
    if (panels.empty() || panels.back().title != row.name) {
      panels.push_back({row.name, "agents", {}});
      for (const Host host : all_hosts)
        panels.back().curves.push_back({name_of(host), {}});
    }
    for (const Host host : all_hosts)
      if (const double cost = row.cost_per_event_us(host); cost > 0)
        panels.back().curves[index(host)].points.emplace_back(row.agents, cost);
  }
  return panels;
}

std::string to_csv(const std::vector<FamilyRow>& rows) {
  std::ostringstream text;
  text << "workload,agents,host,round,events,cpu_s,wall_s,activations,empty_activations,stopped_at_"
          "s,"
          "digest\n";
  for (const FamilyRow& row : rows)
    for (const Host host : all_hosts) {
      const auto line = [&](std::size_t round, const FamilyRun& run) {
        text << '"' << row.name << "\"," << row.agents << ',' << name_of(host) << ',' << round
             << ',' << run.events << ',' << run.cpu_s << ',' << run.wall_s << ',' << run.activations
             << ',' << run.empty_activations << ',' << row.stopped_at_s[index(host)] << ','
             << run.digest << '\n';
      };
      const std::vector<FamilyRun>& runs = row.runs[index(host)];
      for (std::size_t round = 0; round < runs.size(); ++round)
        line(round, runs[round]);
      if (row.stopped_at_s[index(host)] > 0)
        line(runs.size(), {});
    }
  return text.str();
}

} // namespace stos::bench

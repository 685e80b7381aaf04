#include "programs/stos/experiment/sweep.hpp"

#include "config/keys.hpp"
#include "libstos/base/exact_text.hpp"
#include "programs/stos/child_process.hpp"
#include "programs/stos/experiment/outcomes.hpp"
#include "programs/stos/experiment/progress.hpp"
#include "programs/stos/guardian.hpp"
#include "programs/stos/signal_descriptor.hpp"
#include "programs/stos/stop_plan.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <list>
#include <optional>

namespace stos::program {
namespace {

constexpr double grace_s = 10;             // from SIGTERM to SIGKILL of a run that takes too long
constexpr double between_bars_s = 0.2;     // on a terminal
constexpr double between_lines_s = 10;     // elsewhere
constexpr std::size_t kept_bytes = 65'536; // of what a run writes to standard error

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::string variable_of(const std::string& path) {
  const auto key = std::ranges::find(detail::config_keys(), path, &detail::ConfigKey::path);
  return detail::environment_name(*key);
}

/// The last line of `text` with an error, without what is no text; empty if there is none.
std::string last_error(const std::string& text) {
  constexpr std::string_view mark = "error: ";
  constexpr std::size_t most = 500;
  const auto found = text.rfind(mark);
  if (found == std::string::npos)
    return "";
  const auto begin = found + mark.size();
  return text.substr(begin, std::min(text.find('\n', begin) - begin, most));
}

/// As one line of a table.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return text;
}

/// A run that goes on.
struct Running {
  std::size_t index = 0;
  RunCommand command;
  ChildProcess process;
  double began_s = 0;
  double signal_due_s = HUGE_VAL; ///< when it has taken too long
  int signals_sent = 0;
  std::string errors; ///< the end of what it has written to standard error
  bool out_is_open = true;
  bool err_is_open = true;
};

class Sweep {
public:
  Sweep(const ExperimentPlan& plan, const SweepOptions& options, ExperimentFolder& folder)
      : plan_(plan), options_(options), folder_(folder), runs_(runs_of(plan)) {
    progress_.runs = runs_.size();
    progress_.before = folder.results().size();
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (!folder.results().contains(i))
        open_.push_back(i);
    std::ranges::reverse(open_); // the next one is at the end
  }

  Result<int> run();

private:
  Result<void> start_next();
  void wait_for_something();
  [[nodiscard]] int signal_of_user();
  Result<void> take_endings();
  Result<void> take_result(Running& run, const Ending& ending);
  [[nodiscard]] RunFiles files_of(std::size_t run) const;
  Result<void> add_tables(const RunFiles& files, RunResult& result) const;
  RunResult result_of(Running& run, const Ending& ending) const;
  Result<void> keep_log(const Running& run, const RunResult& result) const;
  void check_times();
  void show_progress(bool is_over);

  const ExperimentPlan& plan_;
  const SweepOptions& options_;
  ExperimentFolder& folder_;
  const SignalDescriptor signals_;
  const Guardian guardian_;
  std::vector<RunOfPlan> runs_;
  std::vector<std::size_t> open_; ///< not begun, the next one last
  std::list<Running> running_;
  SweepProgress progress_;
  const double began_s_ = now_s();
  const bool has_bar_ = isatty(STDERR_FILENO) != 0;
  double shown_s_ = 0;
};

/// Reads what there is, and hands it to `take`. False: it has ended.
template <class Take>
bool read_some(int descriptor, Take&& take) {
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const ssize_t size = read(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return errno == EAGAIN;
    if (size == 0)
      return false;
    take(std::string_view(bytes.data(), static_cast<std::size_t>(size)));
  }
}

void read_streams(Running& run) {
  if (run.out_is_open)
    run.out_is_open = read_some(run.process.output(), [](std::string_view) {});
  if (run.err_is_open)
    run.err_is_open = read_some(run.process.errors(), [&run](std::string_view bytes) {
      run.errors += bytes;
      if (run.errors.size() > 2 * kept_bytes)
        run.errors.erase(0, run.errors.size() - kept_bytes);
    });
}

Result<int> Sweep::run() {
  show_progress(false);
  while (!open_.empty() || !running_.empty()) {
    while (!open_.empty() && running_.size() < options_.at_once)
      if (Result<void> done = start_next(); !done)
        return done.error();
    wait_for_something();
    if (const int signal = signal_of_user(); signal != 0) {
      running_.clear(); // kills them
      show_progress(true);
      return signal;
    }
    for (Running& run : running_)
      read_streams(run);
    if (Result<void> done = take_endings(); !done)
      return done.error();
    check_times();
    show_progress(false);
  }
  show_progress(true);
  return 0;
}

Result<void> Sweep::start_next() {
  const std::size_t index = open_.back();
  RunCommand command = command_of(plan_, options_, runs_[index], files_of(index));
  ChildProcess::StartFailure failure;
  auto process = ChildProcess::start(command.words, command.variables, guardian_, failure);
  if (!process)
    return Error{Errc::io_error, failure.text};
  open_.pop_back();
  const double now = now_s();
  running_.push_back({index, std::move(command), *std::move(process), now,
                      plan_.timeout_s ? now + *plan_.timeout_s : HUGE_VAL, 0, "", true, true});
  return {};
}

void Sweep::wait_for_something() {
  std::vector<pollfd> polled = {{signals_.descriptor(), POLLIN, 0}};
  double next_s = now_s() + (has_bar_ ? between_bars_s : between_lines_s);
  for (const Running& run : running_) {
    if (run.out_is_open)
      polled.push_back({run.process.output(), POLLIN, 0});
    if (run.err_is_open)
      polled.push_back({run.process.errors(), POLLIN, 0});
    next_s = std::min(next_s, run.signal_due_s);
  }
  const double wait_s = std::max(next_s - now_s(), 0.001);
  poll(polled.data(), polled.size(), static_cast<int>(std::ceil(wait_s * 1000)));
}

int Sweep::signal_of_user() {
  int asked = 0;
  for (int signal = signals_.take(); signal != 0; signal = signals_.take())
    if (StopPlan::asks_for_end(signal))
      asked = signal;
  return asked;
}

Result<void> Sweep::take_endings() {
  for (auto run = running_.begin(); run != running_.end();) {
    const std::optional<Ending> ending = run->process.ending();
    if (!ending) {
      ++run;
      continue;
    }
    read_streams(*run); // what it wrote last
    if (Result<void> done = take_result(*run, *ending); !done)
      return done;
    run = running_.erase(run);
    // The next one begins before the other endings are looked at: no core waits for that.
    if (!open_.empty())
      if (Result<void> done = start_next(); !done)
        return done;
  }
  return {};
}

Result<void> Sweep::take_result(Running& run, const Ending& ending) {
  RunResult result = result_of(run, ending);
  const RunFiles files = files_of(run.index);
  for (const std::string& file : {files.summary, files.reports, files.observations}) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  if (!result.failure.empty())
    if (Result<void> done = keep_log(run, result); !done)
      return done;
  return folder_.add(plan_, run.index, std::move(result));
}

RunFiles Sweep::files_of(std::size_t run) const {
  return {folder_.file_of_run(run, "json"), folder_.file_of_run(run, "csv"),
          folder_.file_of_run(run, "observed.csv")};
}

Result<void> Sweep::add_tables(const RunFiles& files, RunResult& result) const {
  const auto text_of = [](bool is_needed, const std::string& file) {
    return is_needed ? text_of_file(file) : Result<std::string>(std::string());
  };
  const Result<std::string> reports = text_of(needs_reports(plan_), files.reports);
  if (!reports)
    return reports.error();
  const Result<std::string> observations = text_of(needs_observations(plan_), files.observations);
  if (!observations)
    return observations.error();
  return add_outcomes(plan_, {*reports, *observations}, result);
}

RunResult Sweep::result_of(Running& run, const Ending& ending) const {
  RunResult result;
  result.wall_time_s = now_s() - run.began_s;
  result.exit_code = exit_code_of(ending);
  const RunFiles files = files_of(run.index);
  const Result<std::string> summary = text_of_file(files.summary);
  Result<void> read;
  if (!summary || summary->empty())
    read = Error{Errc::bad_message, "it wrote no summary; wanted: a program of libstos that leaves "
                                    "its options to the environment, or has run_main()"};
  else
    read = read_summary("its summary", *summary, result);
  if (read)
    read = add_tables(files, result);
  if (run.signals_sent > 0)
    result.failure = "took longer than " + exact_text(*plan_.timeout_s) + " s";
  else if (result.exit_code != 0 || !result.failure.empty()) {
    const std::string why = result.failure.empty() ? last_error(run.errors) : result.failure;
    result.failure = describe(ending) + (why.empty() ? "" : ": " + why);
  } else if (!read)
    result.failure = read.error().context;
  result.failure = one_line(std::move(result.failure));
  if (!result.failure.empty())
    result.series.clear();
  return result;
}

Result<void> Sweep::keep_log(const Running& run, const RunResult& result) const {
  std::string log;
  for (const auto& [name, value] : run.command.variables)
    log += name + "=" + value + " ";
  for (const std::string& word : run.command.words)
    log += word + " ";
  log += "\n" + result.failure + "\n\n" + run.errors;
  return folder_.write("failed/" + std::to_string(run.index + 1) + ".log", log);
}

void Sweep::check_times() {
  const double now = now_s();
  for (Running& run : running_)
    if (now >= run.signal_due_s) {
      run.process.send(run.signals_sent == 0 ? SIGTERM : SIGKILL);
      run.signal_due_s = run.signals_sent == 0 ? now + grace_s : HUGE_VAL;
      ++run.signals_sent;
    }
}

void Sweep::show_progress(bool is_over) {
  const double now = now_s();
  if (options_.is_quiet ||
      (!is_over && now < shown_s_ + (has_bar_ ? between_bars_s : between_lines_s)))
    return;
  shown_s_ = now;
  constexpr std::size_t bar_width = 30;
  progress_.done = folder_.results().size();
  progress_.failed = static_cast<std::size_t>(std::ranges::count_if(
      folder_.results(), [](const auto& each) { return !each.second.failure.empty(); }));
  progress_.elapsed_s = now - began_s_;
  if (has_bar_)
    std::cerr << "\r" + progress_bar(progress_, bar_width) + "\033[K" + (is_over ? "\n" : "")
              << std::flush;
  else
    std::cerr << "stos experiment: " + progress_text(progress_) + "\n" << std::flush;
}

} // namespace

RunCommand command_of(const ExperimentPlan& plan, const SweepOptions& options, const RunOfPlan& run,
                      const RunFiles& files) {
  RunCommand command;
  if (plan.nodes > 1)
    command.words = {options.launcher, "run", "-n", std::to_string(plan.nodes), "-q", "--"};
  command.words.insert(command.words.end(), options.command.begin(), options.command.end());
  command.variables = {
      {variable_of("simulation.seed"), exact_text(run.seed)},
      {variable_of("engine.serial"), plan.workers == 0 ? "true" : "auto"},
      {variable_of("engine.workers"), plan.workers == 0 ? "auto" : exact_text(plan.workers)},
      {variable_of("output.progress"), "never"},
      {variable_of("output.summary_path"), files.summary}};
  if (needs_reports(plan))
    command.variables.emplace_back(variable_of("output.reports_path"), files.reports);
  if (needs_observations(plan))
    command.variables.emplace_back(variable_of("output.observations_path"), files.observations);
  for (std::size_t i = 0; i < plan.parameters.size(); ++i) {
    const Parameter& parameter = plan.parameters[i];
    const std::string& value = plan.points[run.point][i];
    if (parameter.is_option())
      command.words.insert(command.words.end(), {parameter.name, value});
    else
      command.variables.emplace_back(variable_of(parameter.name), value);
  }
  return command;
}

Result<int> sweep(const ExperimentPlan& plan, const SweepOptions& options,
                  ExperimentFolder& folder) {
  return Sweep(plan, options, folder).run();
}

} // namespace stos::program

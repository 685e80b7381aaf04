#include "programs/stos/experiment.hpp"

#include "config/keys.hpp"
#include "config/loader.hpp"
#include "config/spelling.hpp"
#include "config/yaml_tree.hpp"
#include "libstos/base/content_hash.hpp"
#include "libstos/base/csv.hpp"
#include "programs/stos/arguments.hpp"
#include "programs/stos/experiment/folder.hpp"
#include "programs/stos/experiment/pictures.hpp"
#include "programs/stos/experiment/plan_reader.hpp"
#include "programs/stos/experiment/sweep.hpp"
#include "programs/stos/experiment/tables.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <span>

namespace stos::program {
namespace {

constexpr int exit_by_signal = 128;
constexpr const char* own_path = "/proc/self/exe";

struct ExperimentArguments {
  std::string file;
  std::string folder; ///< empty: as the file, with another ending
  SweepOptions sweep;
  std::uint32_t at_once = 0; ///< 0: as many as there are cores
  bool is_dry = false;
  bool repeats_failed = false;
};

Parsed<ExperimentArguments> parse_experiment(std::vector<std::string> words) {
  ExperimentArguments arguments;
  CLI::App app("stos experiment [OPTIONS] FILE PROGRAM ARGUMENTS...\n\n"
               "Runs a program at many points of its parameters, several times at each, on all\n"
               "cores, and makes tables and pictures of what comes out. FILE (YAML) says what is\n"
               "varied and what is measured: docs/guide/experiments.md.",
               "stos experiment");
  app.prefix_command();
  app.add_option("-o,--output", arguments.folder,
                 "Folder for the results; default: as FILE, with the ending .results. What is done "
                 "there is not done again.")
      ->type_name("FOLDER");
  app.add_option("-j,--at-once", arguments.at_once,
                 "Runs that go on at the same time; default: as many as cores have room for.")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app.add_flag("--dry-run", arguments.is_dry, "Run nothing, and print what would be run as CSV.");
  app.add_flag("--retry-failed", arguments.repeats_failed, "Run again what has failed.");
  app.add_flag("-q,--quiet", arguments.sweep.is_quiet, "Show no progress.");
  app.footer(
      "Ctrl-C ends it; the same command goes on where it was. Exit code 1: runs have failed.");
  if (const auto exit_code = parse_words(app, std::move(words), std::cout, std::cerr))
    return {std::nullopt, *exit_code};
  std::vector<std::string> rest = app.remaining();
  if (!rest.empty() && rest.front() == "--")
    rest.erase(rest.begin());
  else if (!rest.empty() && rest.front().starts_with('-'))
    return {std::nullopt, report_bad_usage(app,
                                           "unknown option " + detail::quote(rest[0]) +
                                               "; --help shows the options",
                                           std::cerr)};
  if (rest.size() < 2)
    return {std::nullopt,
            report_bad_usage(app,
                             rest.empty() ? "wanted: FILE PROGRAM ARGUMENTS..."
                                          : "wanted: a PROGRAM behind " + detail::quote(rest[0]),
                             std::cerr)};
  arguments.file = rest.front();
  arguments.sweep.command.assign(rest.begin() + 1, rest.end());
  if (arguments.folder.empty())
    arguments.folder =
        std::filesystem::path(arguments.file).filename().replace_extension(".results").string();
  return {std::move(arguments), 0};
}

/// How many cores this process may use.
std::uint32_t cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  return static_cast<std::uint32_t>(std::max(CPU_COUNT(&set), 1));
}

std::string hash_of(std::string_view text) {
  return ContentHash::of(std::as_bytes(std::span(text))).to_string();
}

/// The file of a program, as execvp(3) finds it.
std::string file_of_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return name;
  const char* const path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/bin:/usr/bin";
  for (;;) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    const std::string file = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (access(file.c_str(), X_OK) == 0 && !std::filesystem::is_directory(file))
      return file;
    if (folder.size() == folders.size())
      return name;
    folders.remove_prefix(folder.size() + 1);
  }
}

/// What of the environment reaches the runs as their configuration.
Result<std::string> configuration() {
  std::string text;
  for (const auto& [name, value] : process_environment()) {
    if (std::ranges::count(detail::config_keys(), name, detail::environment_name) > 0)
      text += name + "=" + value + "\n";
    if (name != config_file_variable || value.empty())
      continue;
    const Result<std::string> file = text_of_file(value);
    if (!file)
      return file.error();
    text += *file;
  }
  return text;
}

Result<ExperimentIdentity> identity_of(const ExperimentPlan& plan,
                                       const std::vector<std::string>& command) {
  const Result<std::string> program = text_of_file(file_of_program(command.front()));
  if (!program)
    return program.error();
  const Result<std::string> options = configuration();
  if (!options)
    return options.error();
  std::string words;
  for (std::size_t i = 1; i < command.size(); ++i)
    words += csv_field(command[i]) + ",";
  return ExperimentIdentity{hash_of(to_string(plan)), hash_of(*program), hash_of(words),
                            hash_of(*options)};
}

int say_error(const Error& error) {
  std::cerr << "stos experiment: error: " << error.context << std::endl;
  return error.code == Errc::bad_config ? exit_bad_usage : exit_failed;
}

void say(const std::string& text) { std::cerr << "stos experiment: " << text << std::endl; }

/// The seed is the plan's: one among the arguments would give all runs the same.
Result<void> check_arguments(const std::vector<std::string>& command) {
  for (const std::string& word : command)
    for (const std::string_view taken : {"--seed", "--json"})
      if (word == taken || word.starts_with(std::string(taken) + "="))
        return Error{Errc::bad_config, word + " is for the experiment to choose; leave it out of "
                                              "the program's arguments"};
  return {};
}

Result<void> write_tables(const ExperimentPlan& plan, const ExperimentFolder& folder) {
  const std::vector<PointEstimates> points = estimates(plan, folder.results());
  if (Result<void> done = folder.write("runs.csv", table_of_runs(plan, folder.results())); !done)
    return done;
  if (!plan.outcomes.empty())
    if (Result<void> done = folder.write("points.csv", table_of_points(plan, points)); !done)
      return done;
  if (!plan.series.empty())
    if (Result<void> done = folder.write("series.csv", table_of_series(plan, points)); !done)
      return done;
  for (const PictureFile& picture : pictures_of(plan, points))
    if (Result<void> done = folder.write(picture.name, picture.svg); !done)
      return done;
  return {};
}

/// What the user has to know in the end; returns the exit code.
int conclude(const ExperimentPlan& plan, const ExperimentFolder& folder) {
  const auto failed = std::ranges::find_if(
      folder.results(), [](const auto& each) { return !each.second.failure.empty(); });
  if (failed == folder.results().end()) {
    say("all " + std::to_string(plan.runs()) + " runs went well; see " + folder.path() +
        "/runs.csv");
    return 0;
  }
  const auto count = std::ranges::count_if(
      folder.results(), [](const auto& each) { return !each.second.failure.empty(); });
  say("error: " + std::to_string(count) + " of " + std::to_string(plan.runs()) +
      " runs have failed, the first one is run " + std::to_string(failed->first + 1) + ": " +
      failed->second.failure + "; see " + folder.path() + "/runs.csv and " + folder.path() +
      "/failed; --retry-failed runs them again");
  return exit_failed;
}

Result<int> run_experiment(ExperimentArguments& arguments) {
  const Result<YamlTree> tree = read_yaml_tree(arguments.file, "description of an experiment");
  if (!tree)
    return tree.error();
  const Result<ExperimentPlan> plan = plan_of(arguments.file, *tree);
  if (!plan)
    return plan.error();
  SweepOptions& options = arguments.sweep;
  if (Result<void> done = check_arguments(options.command); !done)
    return done.error();
  if (arguments.is_dry) {
    std::cout << table_of_plan(*plan);
    return 0;
  }
  const Result<ExperimentIdentity> identity = identity_of(*plan, options.command);
  if (!identity)
    return identity.error();
  options.launcher = std::filesystem::read_symlink(own_path).string();
  const std::uint32_t cores_each = plan->nodes * std::max(plan->workers, 1u);
  options.at_once = arguments.at_once > 0 ? arguments.at_once : std::max(cores() / cores_each, 1u);
  Result<ExperimentFolder> folder = ExperimentFolder::open(arguments.folder, *identity, *plan);
  if (!folder)
    return folder.error();
  if (folder->torn_bytes() > 0)
    say("the end of " + folder->path() + "/journal was not whole; what it told of is run again");
  if (arguments.repeats_failed)
    folder->forget_failed();
  const Result<int> signal = sweep(*plan, options, *folder);
  if (!signal)
    return signal.error();
  if (Result<void> done = write_tables(*plan, *folder); !done)
    return done.error();
  if (*signal == 0)
    return conclude(*plan, *folder);
  say("interrupted: " + std::to_string(folder->results().size()) + " of " +
      std::to_string(plan->runs()) + " runs are done; the same command goes on with the others");
  return exit_by_signal + *signal;
}

} // namespace

int experiment(const std::vector<std::string>& words) {
  Parsed<ExperimentArguments> arguments = parse_experiment(words);
  if (!arguments.value)
    return arguments.exit_code;
  const Result<int> exit_code = run_experiment(*arguments.value);
  return exit_code ? *exit_code : say_error(exit_code.error());
}

} // namespace stos::program

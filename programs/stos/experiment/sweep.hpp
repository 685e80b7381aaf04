#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/experiment/folder.hpp"
#include "programs/stos/experiment/plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stos::program {

/// How the runs of an experiment are made. Plain values.
struct SweepOptions {
  std::vector<std::string> command; ///< the program and its arguments, the same in all runs
  std::string launcher;             ///< the stos command, for runs on several nodes
  std::uint32_t at_once = 1;        ///< runs that go on at the same time
  bool is_quiet = false;            ///< no progress
};

/// Where a run writes what it comes to.
struct RunFiles {
  std::string summary;
  std::string reports;
  std::string observations;
};

/// How a run is started: its command and what it has in its environment.
struct RunCommand {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> variables;
};

/// Options of the program follow its arguments as `--name value`; keys of the configuration, the
/// seed, the engine and the files of the run are variables.
[[nodiscard]] RunCommand command_of(const ExperimentPlan& plan, const SweepOptions& options,
                                    const RunOfPlan& run, const RunFiles& files);

/// Makes all runs of `plan` that `folder` has no results of, `at_once` of them at a time, in the
/// order of the plan, and puts each result into the folder as soon as it is there.
///
/// A run that fails, takes too long or leaves no summary is a result, too; what it has written to
/// standard error is kept in the folder failed/. Standard output is read and dropped. SIGINT,
/// SIGTERM, SIGHUP and SIGQUIT kill what goes on, of which nothing is kept, and end the sweep. No
/// process outlives it, also if it is killed.
///
/// Returns 0, or the signal that has ended it. Fails if the program cannot be started or the folder
/// cannot be written.
///
/// Threads: call it from the main thread of a process without others. It changes the signal mask
///          for good.
[[nodiscard]] Result<int> sweep(const ExperimentPlan& plan, const SweepOptions& options,
                                ExperimentFolder& folder);

} // namespace stos::program

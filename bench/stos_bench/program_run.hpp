#pragma once

#include "libstos/base/result.hpp"

#include <string>
#include <vector>

namespace stos::bench {

/// How another program ended.
struct ProgramRun {
  bool stopped = false; ///< it took longer than it may, and was killed with all its children
  int exit_code = 0;    ///< 128 + the number of the signal that killed it
  std::string output;   ///< both streams
};

/// Runs a program, whose path is the first word, for at most `limit_s` of wall-clock time.
///
/// A run that would take for ever must show as a miss, and not hold up all that come after it.
/// Fails if the program cannot be started. One thread at a time.
[[nodiscard]] Result<ProgramRun> run_program(const std::vector<std::string>& words, double limit_s);

} // namespace stos::bench

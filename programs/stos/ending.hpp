#pragma once

#include <string>

namespace stos::program {

/// How a process ended: its exit code, or the signal that ended it.
struct Ending {
  int exit_code = 0;
  int signal = 0; ///< 0: it ended by itself

  friend bool operator==(const Ending&, const Ending&) = default;
};

/// The exit code, or 128 + the signal, as a shell counts.
[[nodiscard]] int exit_code_of(const Ending& ending);

/// "ended with exit code 3", "was ended by signal 9 (Killed)".
[[nodiscard]] std::string describe(const Ending& ending);

} // namespace stos::program

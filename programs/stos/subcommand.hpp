#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stos::program {

/// One word after `stos`. A subcommand is one such function, and a row in the table of
/// subcommand.cpp; nothing else knows it.
struct Subcommand {
  std::string_view name;
  std::string_view meaning; ///< one line of `stos --help`

  /// Does it. `words` is what follows the name. Returns the exit code of the process; 2 says that
  /// the words were wrong. Writes its errors to standard error as `stos NAME: error: text`.
  int (*run)(const std::vector<std::string>& words);
};

/// All of them, in the order of `stos --help`.
[[nodiscard]] std::span<const Subcommand> subcommands();

/// Does what the words after `stos` ask for, and returns the exit code of the process.
int dispatch(const std::vector<std::string>& words);

} // namespace stos::program

#pragma once

#include "libstos/base/result.hpp"

#include <CLI/CLI.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace stos::program {

inline constexpr int exit_failed = 1;
inline constexpr int exit_bad_usage = 2;

/// A result, or the exit code of a process that has nothing more to do.
template <class T>
struct Parsed {
  std::optional<T> value;
  int exit_code = 0;
};

/// Lets `app` read `words`. Returns nothing when the subcommand can go on. After --help, returns 0;
/// when the words are wrong, 2. The text goes to `out` or `err`, there as `NAME: error: text` with
/// the name of `app`.
[[nodiscard]] std::optional<int> parse_words(CLI::App& app, std::vector<std::string> words,
                                             std::ostream& out, std::ostream& err);

/// Likewise; words that no positional of `app` wants go to `rest` as they are, those with a dash in
/// front only behind `--`. CLI11 itself makes lists of words in brackets, where an option takes
/// several.
[[nodiscard]] std::optional<int> parse_words(CLI::App& app, std::vector<std::string> words,
                                             std::vector<std::string>& rest, std::ostream& out,
                                             std::ostream& err);

/// Writes `NAME: error: text` and returns 2.
int report_bad_usage(const CLI::App& app, const std::string& text, std::ostream& err);

/// Declares an option for a time of `min_s` to `max_s` seconds, bare or with a unit ("2 min").
CLI::Option* add_duration(CLI::App& app, const std::string& name, double& value_s, double min_s,
                          double max_s, const std::string& meaning);

} // namespace stos::program

#pragma once

#include "config/loader.hpp"
#include "config/values.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/run_options.hpp"

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stos {

/// What a command line asked for: a run, or a text instead of one.
struct Invocation {
  RunOptions options;
  std::string answer; ///< not empty after --help or --version: print it and exit with 0
};

/// The command line of a program: the run options that every program has, and its own.
///
/// Every program has --serial, --workers, --seed, --end-time, --config, --digest-only, --trace,
/// --progress, --distributed, --node, --address, --peers, --nodes, --help and --version. A later
/// source wins: defaults, then the file that --config or the variable STOS_CONFIG names, then the
/// environment, then the command line.
///
///   std::uint64_t agents = 1000;
///   cli.option("--agents", agents, "number of agents", 1, 1'000'000);
///
/// Names:   "--agents", "-a,--agents", or "file" without dashes for a positional argument. Taking a
///          name twice, or one of the names above, is a bug of the program: UsageError is thrown.
/// Values:  the value of a variable when it is declared is its default, and --help shows it.
/// Threads: none inside.
/// Owns:    nothing of the program: a declared variable must outlive parse(), which writes it.
class CommandLine {
public:
  explicit CommandLine(std::string_view program_description, RunOptions defaults = {});
  ~CommandLine();
  CommandLine(CommandLine&&) noexcept;
  CommandLine& operator=(CommandLine&&) noexcept;

  /// A number from `min` to `max`, both allowed.
  template <detail::Number T>
  void option(const std::string& name, T& value, const std::string& meaning,
              std::type_identity_t<T> min = std::numeric_limits<T>::lowest(),
              std::type_identity_t<T> max = std::numeric_limits<T>::max());

  /// Any text.
  void option(const std::string& name, std::string& value, const std::string& meaning);

  /// One of the words in `choices`.
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
              const std::string& meaning);

  /// Seconds of lab or local time, with a unit (`500 ms`) or as a bare number, 0 or more.
  void duration(const std::string& name, double& value_s, const std::string& meaning);

  /// An option without a value: its presence sets `value` to true.
  void flag(const std::string& name, bool& value, const std::string& meaning);

  /// Reads the file, the environment and the command line. Call it once.
  ///
  /// Fails with Errc::bad_argument for what is wrong with the command line as such, and otherwise
  /// as load_yaml() and load_environment() do; the text begins with the option, the variable or
  /// file:line. The program's variables may have changed by then.
  [[nodiscard]] Result<Invocation> parse(int argc, const char* const* argv,
                                         const Environment& environment);

private:
  using Setter = std::function<Result<void>(const std::string&)>;

  void add(const std::string& name, const std::string& placeholder, const std::string& meaning,
           const std::string& shown_default, Setter set);

  struct State;
  std::unique_ptr<State> state_;
};

template <detail::Number T>
void CommandLine::option(const std::string& name, T& value, const std::string& meaning,
                         std::type_identity_t<T> min, std::type_identity_t<T> max) {
  auto set = [&value, min, max](const std::string& text) -> Result<void> {
    const Result<T> number = detail::parse_number<T>(text, min, max);
    if (!number)
      return Error{Errc::bad_argument, number.error().context + "; allowed: " + exact_text(min) +
                                           " to " + exact_text(max)};
    value = *number;
    return {};
  };
  add(name, "N", meaning, exact_text(value), std::move(set));
}

/// Runs a program from its command line to its exit code, and lets no exception out.
///
/// Declares the program's own options by calling `declare`, reads the configuration from the
/// arguments and the environment of the process, then calls `body` with it and returns what it
/// returns. Writes --help and --version to standard output and every failure to standard error, as
/// `program: error: text`. While `body` runs, simulations without options of their own have those
/// that it was given.
///
/// The first SIGINT or SIGTERM that comes during a run ends it early, with all that it has to tell.
///
/// @return 0 after --help or --version; 2 when the arguments or the configuration are wrong (`body`
///         is not called); 1 when `body` throws, also std::bad_alloc; 128 and the signal that has
///         ended its run; else the result of `body`, or
///         1 if that is 0 and not all of standard output could be written.
int run_main(int argc, char** argv, std::string_view program_description,
             const std::function<void(CommandLine&)>& declare,
             const std::function<int(const RunOptions&)>& body);

/// The same for a program without options of its own.
int run_main(int argc, char** argv, std::string_view program_description,
             const std::function<int(const RunOptions&)>& body);

} // namespace stos

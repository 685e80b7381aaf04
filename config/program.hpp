#pragma once

#include "libstos/base/usage_error.hpp"
#include "libstos/options/run_options.hpp"

#include <string>

namespace stos {

/// The configuration of a program is wrong, which leaves that to its environment (see
/// ForwardSimulation). The text begins with the variable or file:line.
class ConfigError : public UsageError {
public:
  using UsageError::UsageError;
};

namespace detail {

inline constexpr int exit_success = 0;
inline constexpr int exit_failed_run = 1;
inline constexpr int exit_bad_usage = 2;

/// Options of a simulation whose program says nothing about them: those that run_main() has read,
/// while it runs; else those of the file that STOS_CONFIG names and of the environment, which are
/// read again only when the environment has changed. Throws ConfigError.
///
/// Threads: from anywhere, as long as no thread changes the environment meanwhile.
[[nodiscard]] RunOptions options_of_process();

/// While it lives, options_of_process() are those of run_main(), who also tells what there is to
/// tell. One at a time.
class OptionsOfMain {
public:
  explicit OptionsOfMain(const RunOptions& options);
  ~OptionsOfMain();
  OptionsOfMain(const OptionsOfMain&) = delete;
  OptionsOfMain& operator=(const OptionsOfMain&) = delete;

  [[nodiscard]] static bool exist();
};

/// An error of ours, or a lack of memory, that is not caught becomes a text on standard error and
/// the exit code that run_main() would give, on whatever thread. A program that has set a terminate
/// handler keeps it.
void explain_uncaught_exceptions();

/// For programs without run_main(): also what could not be written to standard output is told, and
/// has an exit code, and signals end runs early. Before the process ends for an error that is not
/// caught, `leave` is called on the thread that has failed. The first call counts.
void look_after_process(void (*leave)());

/// Of this process, as error texts begin. Needs no memory.
[[nodiscard]] const char* program_name();

/// Writes `program: text` to standard error, in one piece: other threads write there, too.
void tell(const std::string& text);

/// Writes `program: error: ...` about the exception that is being handled, and returns the exit
/// code for it. Of a run that was complete all the same, or that a signal has ended, it writes the
/// summary, too; in the latter case the exit code is 128 and the signal.
/// @pre called within a catch clause
[[nodiscard]] int explain_exception(const char* program) noexcept;

/// A parent process can close the first three descriptors of its child. The next file it opens
/// would get their numbers, and what is meant for people would go into it: so they are opened, in a
/// way that lets writing to standard output fail, and writing to standard error go nowhere.
void open_standard_descriptors();

/// Writes what is still held for standard output. Returns `exit_code`, or, if not everything has
/// got there, says why and returns a code that is not 0.
[[nodiscard]] int finish_standard_output(const char* program, int exit_code) noexcept;

} // namespace detail
} // namespace stos

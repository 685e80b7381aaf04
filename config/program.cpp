#include "config/program.hpp"

#include "config/interruption.hpp"
#include "config/loader.hpp"
#include "libstos/engine/engine.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace stos::detail {
namespace {

constexpr int exit_by_signal = 128; // as shells count

std::atomic<const RunOptions*> options_of_main{nullptr};

/// The terminate handler before the program begins: that of the C++ library.
const std::terminate_handler original_handler = std::get_terminate();

std::terminate_handler next_handler = nullptr;
void (*leave_before_end)() = nullptr;

bool is_ours(const std::exception_ptr& problem) {
  if (problem == nullptr)
    return false;
  try {
    std::rethrow_exception(problem);
  } catch (const UsageError&) {
  } catch (const SimulationError&) {
  } catch (const std::bad_alloc&) {
  } catch (...) {
    return false;
  }
  return true;
}

// Nothing is unwound, and other threads run on: no destructor may be called.
[[noreturn]] void end_for_exception() {
  static std::atomic_flag ending = ATOMIC_FLAG_INIT;
  const std::exception_ptr problem = std::current_exception();
  if (!is_ours(problem)) {
    next_handler();
    std::abort();
  }
  while (ending.test_and_set()) // another thread has failed, too, and was first
    pause();
  int exit_code = exit_failed_run;
  try {
    std::rethrow_exception(problem);
  } catch (...) {
    exit_code = explain_exception(program_name());
  }
  exit_code = finish_standard_output(program_name(), exit_code);
  if (leave_before_end != nullptr)
    leave_before_end();
  std::_Exit(exit_code);
}

void check_standard_output_at_exit() {
  if (const int exit_code = finish_standard_output(program_name(), exit_success);
      exit_code != exit_success)
    std::_Exit(exit_code);
}

RunOptions read_options(const Environment& environment) {
  Result<RunOptions> options = RunOptions();
  if (const auto file = environment.find(config_file_variable); file != environment.end()) {
    if (file->second.empty())
      throw ConfigError(Errc::bad_config, "environment: " + file->first +
                                              ": the name of the configuration file is empty");
    options = load_yaml(file->second, *options);
  }
  if (options)
    options = load_environment(environment, *options);
  if (!options)
    throw ConfigError(options.error());
  if (const Result<void> checked = check_options(*options); !checked)
    throw ConfigError(checked.error());
  return *std::move(options);
}

} // namespace

RunOptions options_of_process() {
  if (const RunOptions* options = options_of_main.load())
    return *options;
  static std::mutex mutex;
  static std::optional<std::pair<Environment, RunOptions>> last;
  const std::lock_guard lock(mutex);
  Environment environment = process_environment();
  if (!last || last->first != environment) {
    RunOptions options = read_options(environment);
    last.emplace(std::move(environment), std::move(options));
  }
  return last->second;
}

OptionsOfMain::OptionsOfMain(const RunOptions& options) { options_of_main = &options; }
OptionsOfMain::~OptionsOfMain() { options_of_main = nullptr; }
bool OptionsOfMain::exist() { return options_of_main.load() != nullptr; }

void explain_uncaught_exceptions() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (std::get_terminate() == original_handler)
      next_handler = std::set_terminate(end_for_exception);
  });
}

void look_after_process(void (*leave)()) {
  static std::once_flag once;
  std::call_once(once, [leave] {
    open_standard_descriptors();
    leave_before_end = leave;
    Interruption::allow();
    std::atexit(check_standard_output_at_exit);
    explain_uncaught_exceptions();
  });
}

const char* program_name() { return program_invocation_short_name; }

void tell(const std::string& text) {
  std::cerr << (std::string(program_name()) + ": " + text + "\n") << std::flush;
}

int explain_exception(const char* program) noexcept {
  // An error text must need no memory of its own: the run may have taken all of it.
  const auto say = [program](const char* text) {
    std::cerr << program << ": error: " << text << std::endl;
  };
  try {
    try {
      throw;
    } catch (const ConfigError& problem) {
      say(problem.error().context.c_str());
      return exit_bad_usage;
    } catch (const UsageError& problem) {
      if (problem.error().code == Errc::drained) {
        std::cerr << program << ": " << problem.error().context << std::endl;
        return exit_success;
      }
      say(problem.what());
    } catch (const SimulationError& problem) {
      say(problem.what());
      const bool is_interrupted = problem.error().code == Errc::interrupted;
      if (problem.summary().is_complete || is_interrupted)
        std::cerr << problem.summary().to_string() << std::flush;
      if (is_interrupted && Interruption::signal() != 0)
        return exit_by_signal + Interruption::signal();
    } catch (const std::bad_alloc&) {
      say("out of memory: fewer agents, or lower limits in the configuration, need less");
    } catch (const std::exception& problem) {
      say(problem.what());
    } catch (...) {
      say("an exception of an unknown type ended the run");
    }
  } catch (...) { // there is not even memory to say so
  }
  return exit_failed_run;
}

void open_standard_descriptors() {
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(wanted, F_GETFD) != -1 || errno != EBADF)
      continue;
    // The lowest number that is free, hence this one.
    const int opened = open("/dev/null", wanted == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != wanted)
      close(opened);
  }
}

int finish_standard_output(const char* program, int exit_code) noexcept {
  try {
    errno = 0;
    const bool flushed = std::cout.rdbuf()->pubsync() == 0 && std::fflush(stdout) == 0;
    int problem = errno;
    if (flushed && !std::cout.bad() && std::ferror(stdout) == 0)
      return exit_code;
    if (flushed || problem == 0) { // it has failed before
      const char nothing = '\0';
      problem = write(STDOUT_FILENO, &nothing, 0) != 0 ? errno : 0;
    }
    std::cerr << program << ": error: cannot write to standard output"
              << (problem != 0 ? ": " : ", not all of it has got there")
              << (problem != 0 ? std::strerror(problem) : "") << std::endl;
  } catch (...) { // the program has asked std::cout or std::cerr to throw
  }
  return exit_code != exit_success ? exit_code : exit_failed_run;
}

} // namespace stos::detail

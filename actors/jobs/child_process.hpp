#pragma once

#include "libstos/base/result.hpp"
#include "store/descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace stos::detail {

/// A command that runs with a supervisor: a process of ours, forked from this one, whose only child
/// it is. When the command has ended, when it is to be killed, or when this process has ended,
/// however that came (also by SIGKILL), the supervisor kills all that is left of it: its process
/// group, and whatever has left that, since what loses its parent becomes the supervisor's child
/// (PR_SET_CHILD_SUBREAPER). If the supervisor itself is killed, so is the command by the kernel
/// (PR_SET_PDEATHSIG).
///
/// The command gets none of our descriptors, signals and variables but those that are named here.
///
/// Owns:    the supervisor, the ends of the pipes. The destructor kills, and waits.
/// Threads: one at a time. Where it is started does not matter.
/// Errors:  Errc::io_error where the system has no processes or descriptors left. A command that
///          cannot be executed says so in its standard error, and ends with 127.
class SupervisedChild {
public:
  struct Command {
    std::vector<std::string> words;     ///< the first one is the path of a program
    std::vector<std::string> variables; ///< NAME=VALUE
    std::string folder;                 ///< where it runs; removed if this process ends before it
    std::uint64_t memory_bytes = 0;     ///< of each process (RLIMIT_AS)
  };

  [[nodiscard]] static Result<SupervisedChild> start(const Command& command);

  SupervisedChild(SupervisedChild&&) noexcept;
  SupervisedChild& operator=(SupervisedChild&&) = delete;
  ~SupervisedChild();

  /// Its ends of the pipes, all of which never block.
  Descriptor input;
  Descriptor output;
  Descriptor errors;
  Descriptor answers; ///< the command's descriptor 3
  /// Readable when all is over: then ending() says how.
  Descriptor status;

  /// Asks it to end (SIGTERM); what is left a second later is killed.
  void terminate() { tell('t'); }
  void kill() { tell('k'); }

  /// How the command has ended, as waitpid() has it. @pre `status` was readable
  [[nodiscard]] int ending();

private:
  SupervisedChild() = default;
  void tell(char what);

  pid_t supervisor_ = 0;
  Descriptor control_;
};

/// "exit code 3", "signal 9 (Killed)"
[[nodiscard]] std::string describe_ending(int status);

} // namespace stos::detail

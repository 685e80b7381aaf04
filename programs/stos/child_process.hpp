#pragma once

#include "libstos/base/result.hpp"
#include "programs/stos/ending.hpp"
#include "programs/stos/guardian.hpp"
#include "store/descriptor.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::program {

/// A program that runs as the leader of a process group of its own.
///
/// It reads nothing (/dev/null) and writes into two pipes. When the process that started it dies,
/// whatever way, the kernel kills it (PR_SET_PDEATHSIG), and the guardian all of its group.
///
/// Owns:    the process, its group and the reading ends of the pipes. The destructor kills what
///          is left of the group and reaps the leader. Until then the leader's id stays taken, so a
///          signal never reaches a stranger.
/// Threads: started and owned by the main thread of a process without others.
class ChildProcess {
public:
  /// Why a program could not be started.
  struct StartFailure {
    int exit_code = 126; ///< 127: there is no such program; as shells have it
    std::string text;
  };
  using Variables = std::vector<std::pair<std::string, std::string>>;

  /// Starts `command` with `variables` added to the environment of this process. Blocks until the
  /// program runs or could not be started. Fills `failure` and returns none in the latter case.
  /// `guardian` must outlive it.
  [[nodiscard]] static std::optional<ChildProcess> start(const std::vector<std::string>& command,
                                                         const Variables& variables,
                                                         const Guardian& guardian,
                                                         StartFailure& failure);

  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  /// How the leader ended, once it has; never blocks.
  [[nodiscard]] std::optional<Ending> ending();

  /// Sends `signal` to all processes of the group.
  void send(int signal);

  int output() const { return out_.get(); }
  int errors() const { return err_.get(); }

private:
  ChildProcess(pid_t leader, const Guardian& guardian, detail::Descriptor out,
               detail::Descriptor err)
      : leader_(leader), guardian_(guardian), out_(std::move(out)), err_(std::move(err)) {}

  pid_t leader_; ///< 0: moved away
  const Guardian& guardian_;
  detail::Descriptor out_;
  detail::Descriptor err_;
};

} // namespace stos::program

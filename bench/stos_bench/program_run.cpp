#include "bench/stos_bench/program_run.hpp"

#include "bench/stos_bench/stopwatch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

namespace stos::bench {
namespace {

// In the forked child; returns only if the program cannot be started.
void become(const std::vector<std::string>& words, int output) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
}

/// A child that leads a group of processes, and what it writes.
class Child {
public:
  Child(pid_t leader, int output) : leader_(leader), output_(output) {}

  // Reads until the child has closed its output; false if that takes longer than `limit_s`.
  bool read_all(std::string& text, double limit_s) const {
    const Stopwatch stopwatch;
    std::array<char, 4096> buffer;
    for (;;) {
      const double left_s = limit_s - stopwatch.seconds();
      pollfd waiting{output_, POLLIN, 0};
      const int ready = left_s <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left_s * 1000) + 1);
      if (ready < 0 && errno == EINTR)
        continue;
      if (ready <= 0)
        return false;
      const ssize_t size = read(output_, buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR)
        continue;
      if (size <= 0)
        return true;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  // A launcher brings its own children to an end when it is asked to.
  void stop() const {
    kill(-leader_, SIGTERM);
    std::string rest;
    read_all(rest, 2);
    kill(-leader_, SIGKILL);
  }

  int wait() const {
    int status = 0;
    while (waitpid(leader_, &status, 0) < 0 && errno == EINTR) {
    }
    close(output_);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

private:
  pid_t leader_;
  int output_;
};

} // namespace

Result<ProgramRun> run_program(const std::vector<std::string>& words, double limit_s) {
  if (access(words.front().c_str(), X_OK) != 0)
    return Error{Errc::io_error, "cannot start " + words.front() + ": " + std::strerror(errno)};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return Error{Errc::io_error, std::string("pipe: ") + std::strerror(errno)};
  std::cout.flush();
  const pid_t leader = fork();
  if (leader < 0)
    return Error{Errc::io_error, std::string("fork: ") + std::strerror(errno)};
  if (leader == 0) {
    become(words, ends[1]);
    _exit(127);
  }
  close(ends[1]);
  const Child child(leader, ends[0]);
  ProgramRun run;
  run.stopped = !child.read_all(run.output, limit_s);
  if (run.stopped)
    child.stop();
  run.exit_code = child.wait();
  return run;
}

} // namespace stos::bench

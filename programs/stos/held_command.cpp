#include "programs/stos/held_command.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>
#include <thread>

extern char** environ;

namespace stos::program {
namespace {

constexpr int exit_by_signal = 128;

volatile std::sig_atomic_t group = 0;

void pass_on(int signal) {
  if (group > 0)
    kill(-static_cast<pid_t>(group), signal);
}

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaction(signal, &action, nullptr);
  std::signal(SIGTTOU, SIG_IGN); // this process gives its terminal away, and takes it back
}

/// The error number, or 0.
int spawn(const std::vector<std::string>& command,
          const std::vector<std::pair<std::string, std::string>>& variables, pid_t& child) {
  std::vector<std::string> texts;
  for (char** each = environ; *each != nullptr; ++each)
    texts.emplace_back(*each);
  for (const auto& [name, value] : variables) {
    std::erase_if(texts, [&](const std::string& text) { return text.starts_with(name + "="); });
    texts.push_back(name + "=" + value);
  }
  const auto pointers = [](const std::vector<std::string>& all) {
    std::vector<char*> result;
    for (const std::string& text : all)
      result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
  };
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  const int problem = posix_spawnp(&child, command.front().c_str(), nullptr, &attributes,
                                   pointers(command).data(), pointers(texts).data());
  posix_spawnattr_destroy(&attributes);
  return problem;
}

/// The exit code, if it has ended.
std::optional<int> ending_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, WNOHANG) != child)
    return std::nullopt;
  return WIFSIGNALED(status) ? exit_by_signal + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

int run_while(const std::string& name, const std::vector<std::string>& command,
              const std::vector<std::pair<std::string, std::string>>& variables,
              const std::function<bool()>& may_go_on) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds moment(20);
  constexpr std::chrono::milliseconds patience(1000);
  constexpr int exit_not_executable = 126;
  constexpr int exit_not_found = 127;
  watch_signals();
  const bool has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp();
  pid_t child = 0;
  if (const int problem = spawn(command, variables, child); problem != 0) {
    std::cerr << name + ": error: " + command.front() + ": " + std::strerror(problem) + "\n"
              << std::flush;
    return problem == ENOENT ? exit_not_found : exit_not_executable;
  }
  group = child;
  if (has_terminal)
    tcsetpgrp(STDIN_FILENO, child);
  std::optional<Clock::time_point> kill_at;
  std::optional<int> ending;
  while (!(ending = ending_of(child))) {
    if (!kill_at && !may_go_on()) {
      kill(-child, SIGTERM);
      kill_at = Clock::now() + patience;
    } else if (kill_at && Clock::now() > *kill_at) {
      kill(-child, SIGKILL);
    }
    std::this_thread::sleep_for(moment);
  }
  if (kill_at) // what it has left behind
    kill(-child, SIGKILL);
  group = 0;
  if (has_terminal)
    tcsetpgrp(STDIN_FILENO, getpgrp());
  return *ending;
}

} // namespace stos::program

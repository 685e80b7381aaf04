#include "programs/stos/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace stos::program {
namespace {

struct Pipe {
  detail::Descriptor read_end;
  detail::Descriptor write_end;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return std::nullopt;
  return Pipe{detail::Descriptor(ends[0]), detail::Descriptor(ends[1])};
}

/// The environment of this process with `variables` in place of what had their names.
std::vector<std::string> environment_with(const ChildProcess::Variables& variables) {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const auto is_same = [name](const auto& variable) { return variable.first == name; };
    if (std::ranges::none_of(variables, is_same))
      entries.emplace_back(text);
  }
  for (const auto& [name, value] : variables)
    entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The launcher blocks and ignores signals that the program must see; and a shell ignores SIGINT
/// and SIGQUIT for what it runs in the background.
void reset_signals() {
  for (const int reset : {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGCHLD})
    signal(reset, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Turns the forked process into the program; returns only when that fails, with errno set.
void become(pid_t launcher, const Guardian& guardian, const Pipe& out, const Pipe& err, char** argv,
            char** envp) {
  setpgid(0, 0);
  guardian.add(getpid());
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return;
  if (getppid() != launcher) // it died before the kernel knew what we want then
    _exit(exit_code_of({0, SIGKILL}));
  const detail::Descriptor nothing(open("/dev/null", O_RDONLY));
  if (!nothing || dup2(nothing.get(), STDIN_FILENO) < 0 ||
      dup2(out.write_end.get(), STDOUT_FILENO) < 0 || dup2(err.write_end.get(), STDERR_FILENO) < 0)
    return;
  reset_signals();
  execvpe(argv[0], argv, envp);
}

/// Waits until the program runs, and returns 0, or until it could not be started: its errno.
int errno_of_start(const detail::Descriptor& report) {
  int problem = 0;
  ssize_t size = 0;
  do
    size = read(report.get(), &problem, sizeof problem);
  while (size < 0 && errno == EINTR);
  return size == sizeof problem ? problem : 0;
}

ChildProcess::StartFailure failure_of(const std::string& program, int problem) {
  constexpr int exit_not_found = 127, exit_cannot_execute = 126;
  return {problem == ENOENT ? exit_not_found : exit_cannot_execute,
          "cannot start " + program + ": " + std::strerror(problem)};
}

} // namespace

std::optional<ChildProcess> ChildProcess::start(const std::vector<std::string>& command,
                                                const Variables& variables,
                                                const Guardian& guardian, StartFailure& failure) {
  auto out = make_pipe(), err = make_pipe(), report = make_pipe();
  if (!out || !err || !report) {
    failure = failure_of(command.front(), errno);
    return std::nullopt;
  }
  std::vector<std::string> words = command;
  std::vector<std::string> entries = environment_with(variables);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> envp = pointers_to(entries);
  const pid_t launcher = getpid();
  const pid_t leader = fork();
  if (leader == 0) {
    become(launcher, guardian, *out, *err, const_cast<char**>(argv.data()),
           const_cast<char**>(envp.data()));
    const int problem = errno;
    const bool is_told = write(report->write_end.get(), &problem, sizeof problem) > 0;
    _exit(is_told ? 0 : 126);
  }
  if (leader < 0) {
    failure = failure_of(command.front(), errno);
    return std::nullopt;
  }
  setpgid(leader, leader); // here as well: the group must exist before a signal is sent to it
  report->write_end.reset();
  std::optional<ChildProcess> child(
      ChildProcess(leader, guardian, std::move(out->read_end), std::move(err->read_end)));
  if (const int problem = errno_of_start(report->read_end); problem != 0) {
    failure = failure_of(command.front(), problem);
    return std::nullopt;
  }
  fcntl(child->output(), F_SETFL, O_NONBLOCK);
  fcntl(child->errors(), F_SETFL, O_NONBLOCK);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : leader_(std::exchange(other.leader_, 0)), guardian_(other.guardian_),
      out_(std::move(other.out_)), err_(std::move(other.err_)) {}

ChildProcess::~ChildProcess() {
  if (leader_ == 0)
    return;
  send(SIGKILL);
  guardian_.remove(leader_); // before the id can be another process's
  while (waitpid(leader_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<Ending> ChildProcess::ending() {
  // WNOWAIT: a leader that is not reaped keeps its id from being used again.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(leader_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0)
    return std::nullopt;
  if (info.si_code == CLD_EXITED)
    return Ending{info.si_status, 0};
  return Ending{0, info.si_status};
}

void ChildProcess::send(int signal) { kill(-leader_, signal); }

} // namespace stos::program

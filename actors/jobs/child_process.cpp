#include "actors/jobs/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <system_error>

namespace stos::detail {
namespace {

/// All that the supervisor and the command need, made before the fork: afterwards, in a copy of a
/// process with threads, nothing may allocate.
struct Plan {
  std::vector<char*> words;
  std::vector<char*> variables;
  const char* folder;
  rlim_t memory_bytes;
  std::array<int, 4> standard; // the command's ends, by their numbers there
  int control;
  int status;
};

constexpr int patience_ms = 1000; // between SIGTERM and SIGKILL

// Closes all descriptors but these. Allocates nothing.
void close_all_but(std::array<int, 6> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int each : kept) {
    const auto descriptor = static_cast<unsigned>(each);
    if (descriptor > first)
      close_range(first, descriptor - 1, 0);
    first = descriptor + 1;
  }
  close_range(first, ~0U, 0);
}

void say(const char* text) { static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text))); }

[[noreturn]] void execute(const Plan& plan, pid_t supervisor) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor)
    _exit(127);
  constexpr int descriptors = std::tuple_size_v<decltype(Plan::standard)>;
  for (int i = 0; i < descriptors; ++i)
    dup2(plan.standard[static_cast<std::size_t>(i)], i);
  fcntl(descriptors - 1, F_SETFD, 0); // it may have had that number before
  close_range(descriptors, ~0U, 0);
  for (int signal = 1; signal < NSIG; ++signal)
    std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit memory{plan.memory_bytes, plan.memory_bytes};
  const rlimit no_core{0, 0};
  if (plan.memory_bytes > 0)
    setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &no_core);
  if (chdir(plan.folder) != 0)
    say("its folder is not there\n");
  else
    execve(plan.words.front(), plan.words.data(), plan.variables.data());
  say(plan.words.front());
  say(": cannot be executed: ");
  say(strerrordesc_np(errno));
  say("\n");
  _exit(127);
}

// Those that are children of the supervisor now; they come to be it when their parents end.
void kill_children() {
  std::array<char, 4096> text;
  const int list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (list < 0)
    return;
  const ssize_t size = read(list, text.data(), text.size());
  close(list);
  pid_t child = 0;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c >= '0' && c <= '9') {
      child = child * 10 + (c - '0');
    } else {
      if (child > 1)
        kill(child, SIGKILL);
      child = 0;
    }
  }
}

// Returns whether there are no children any more.
bool reap(pid_t command, bool& has_ended, int& ending) {
  for (;;) {
    int status = 0;
    const pid_t reaped = waitpid(-1, &status, WNOHANG);
    if (reaped == command) {
      has_ended = true;
      ending = status;
    }
    if (reaped <= 0)
      return reaped < 0 && errno == ECHILD;
  }
}

void kill_all(pid_t command, bool& has_ended, int& ending) {
  constexpr int rounds_max = 10'000; // of a millisecond
  constexpr timespec moment{0, 1'000'000};
  if (!has_ended)
    kill(-command, SIGKILL);
  for (int round = 0; round < rounds_max; ++round) {
    kill_children();
    if (reap(command, has_ended, ending))
      return;
    nanosleep(&moment, nullptr);
  }
}

[[noreturn]] void remove_folder(const char* folder) {
  std::array<char, 3> program{"rm"};
  std::array<char, 4> option{"-rf"};
  std::array<char, 3> end_of_options{"--"};
  std::array<char*, 5> words{program.data(), option.data(), end_of_options.data(),
                             const_cast<char*>(folder), nullptr};
  std::array<char*, 1> variables{nullptr};
  execve("/bin/rm", words.data(), variables.data());
  _exit(0);
}

// Signals are blocked. It reads from the node; the end of that is the end of the node.
[[noreturn]] void supervise(const Plan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  close_all_but({plan.standard[0], plan.standard[1], plan.standard[2], plan.standard[3],
                 plan.control, plan.status});
  const pid_t self = getpid();
  const pid_t command = fork();
  if (command == 0)
    execute(plan, self);
  for (const int each : plan.standard)
    close(each);
  bool has_ended = command < 0;
  int ending = 127 << 8;
  setpgid(command, command); // as it does itself: whoever is first
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  bool node_is_there = true;
  for (int wait_ms = -1; !has_ended && node_is_there;) {
    std::array<pollfd, 2> ready{pollfd{plan.control, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
    if (poll(ready.data(), ready.size(), wait_ms) == 0)
      break; // it had its time to end
    signalfd_siginfo of_signal;
    static_cast<void>(!read(signals, &of_signal, sizeof of_signal));
    reap(command, has_ended, ending);
    if (ready[0].revents == 0)
      continue;
    char what = 0;
    const ssize_t size = read(plan.control, &what, 1);
    node_is_there = size > 0 || (size < 0 && errno == EINTR);
    if (what == 'k')
      break;
    if (what == 't' && wait_ms < 0) {
      kill(-command, SIGTERM);
      wait_ms = patience_ms;
    }
  }
  if (command > 0)
    kill_all(command, has_ended, ending);
  if (!node_is_there || write(plan.status, &ending, sizeof ending) != sizeof ending)
    remove_folder(plan.folder);
  _exit(0);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts)
    pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

bool make(Pipe& pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return false;
  pipe.reading = Descriptor(ends[0]);
  pipe.writing = Descriptor(ends[1]);
  return true;
}

void never_block(const Descriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL, fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

} // namespace

Result<SupervisedChild> SupervisedChild::start(const Command& command) {
  Pipe input, output, errors, answers, status;
  Descriptor own_control, its_control;
  const auto failed = [](const char* what) {
    return Error{Errc::io_error, std::string(what) + ": " + std::strerror(errno)};
  };
  for (Pipe* pipe : {&input, &output, &errors, &answers, &status})
    if (!make(*pipe))
      return failed("no pipe for a process can be made");
  if (int ends[2]; socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
    own_control = Descriptor(ends[0]);
    its_control = Descriptor(ends[1]);
  } else {
    return failed("no socket for a process can be made");
  }
  Plan plan{
      pointers(command.words),
      pointers(command.variables),
      command.folder.c_str(),
      command.memory_bytes,
      {input.reading.get(), output.writing.get(), errors.writing.get(), answers.reading.get()},
      its_control.get(),
      status.writing.get()};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); // no handler of ours is to run in the copy
  const pid_t supervisor = fork();
  if (supervisor == 0)
    supervise(plan);
  const int problem = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = problem;
  if (supervisor < 0)
    return failed("no process can be started");
  SupervisedChild child;
  child.supervisor_ = supervisor;
  child.input = std::move(input.writing);
  child.output = std::move(output.reading);
  child.errors = std::move(errors.reading);
  child.answers = std::move(answers.writing);
  child.status = std::move(status.reading);
  child.control_ = std::move(own_control);
  for (const Descriptor* each :
       {&child.input, &child.output, &child.errors, &child.answers, &child.status})
    never_block(*each);
  return child;
}

SupervisedChild::SupervisedChild(SupervisedChild&& other) noexcept
    : input(std::move(other.input)), output(std::move(other.output)),
      errors(std::move(other.errors)), answers(std::move(other.answers)),
      status(std::move(other.status)), supervisor_(std::exchange(other.supervisor_, 0)),
      control_(std::move(other.control_)) {}

SupervisedChild::~SupervisedChild() {
  if (supervisor_ == 0)
    return;
  kill();
  while (waitpid(supervisor_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void SupervisedChild::tell(char what) {
  while (control_ && send(control_.get(), &what, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

int SupervisedChild::ending() {
  int ending = 0;
  ssize_t size = 0;
  while ((size = read(status.get(), &ending, sizeof ending)) < 0 && errno == EINTR) {
  }
  return size == sizeof ending ? ending : SIGKILL; // the supervisor was killed
}

std::string describe_ending(int status) {
  if (WIFEXITED(status))
    return "exit code " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* const name = sigdescr_np(signal);
  return "signal " + std::to_string(signal) + " (" + (name == nullptr ? "unknown" : name) + ")";
}

} // namespace stos::detail

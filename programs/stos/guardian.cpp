#include "programs/stos/guardian.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <set>

namespace stos::program {
namespace {

struct Entry {
  pid_t group;
  bool is_there;
};
static_assert(sizeof(Entry) <= PIPE_BUF); // so it is written and read as one piece

// It holds on to nothing of what it was forked from: neither terminal nor files nor signals.
[[noreturn]] void guard(int list) {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  close_range(0, static_cast<unsigned>(list) - 1, 0); // the first three are open: not 0 itself
  close_range(static_cast<unsigned>(list) + 1, ~0U, 0);
  std::set<pid_t> groups;
  Entry entry{};
  for (;;) {
    const ssize_t size = read(list, &entry, sizeof entry);
    if (size < 0 && errno == EINTR)
      continue;
    if (size != sizeof entry)
      break;
    if (entry.is_there)
      groups.insert(entry.group);
    else
      groups.erase(entry.group);
  }
  for (const pid_t group : groups)
    kill(-group, SIGKILL);
  _exit(0);
}

} // namespace

Guardian::Guardian() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return;
  detail::Descriptor reading(ends[0]);
  detail::Descriptor writing(ends[1]);
  process_ = fork();
  if (process_ == 0)
    guard(reading.get());
  if (process_ > 0)
    list_ = std::move(writing);
}

Guardian::~Guardian() {
  list_.reset();
  while (process_ > 0 && waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Guardian::tell(pid_t group, bool is_there) const {
  const Entry entry{group, is_there};
  while (list_ && write(list_.get(), &entry, sizeof entry) < 0 && errno == EINTR) {
  }
}

} // namespace stos::program

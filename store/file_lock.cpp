#include "store/file_lock.hpp"

#include "libstos/base/exact_text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace stos::detail {
namespace {

constexpr std::chrono::milliseconds between_looks{10};

std::string text_of(int error) { return std::generic_category().message(error); }

// " (process 123)", as the last holder has written it.
std::string holder_of(int descriptor) {
  char text[32];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  return size > 0 ? " (process " + std::string(text, static_cast<std::size_t>(size)) + ")" : "";
}

// For the text of a process that waits; a lock is one without it, too.
void write_holder(int descriptor) {
  const std::string text = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) == 0)
    (void)!::pwrite(descriptor, text.data(), text.size(), 0);
}

} // namespace

Result<FileLock> FileLock::take(const std::string& path, Kind kind, double wait_s) {
  const int flags = kind == Kind::exclusive ? O_RDWR | O_CREAT : O_RDONLY;
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return Error{Errc::io_error, path + ": " + text_of(errno)};
  FileLock lock(descriptor);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_s);
  const int operation = kind == Kind::exclusive ? LOCK_EX : LOCK_SH;
  while (::flock(descriptor, operation | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return Error{Errc::io_error, path + ": " + text_of(errno)};
    if (std::chrono::steady_clock::now() >= deadline)
      return Error{Errc::io_error, "another writer" + holder_of(descriptor) + " has had it for " +
                                       short_text(wait_s) +
                                       " s: wait for its end, or use another "
                                       "place"};
    std::this_thread::sleep_for(between_looks);
  }
  if (kind == Kind::exclusive)
    write_holder(descriptor);
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace stos::detail

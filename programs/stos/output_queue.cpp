#include "programs/stos/output_queue.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace stos::program {

void OutputQueue::add(std::string_view bytes) {
  if (is_broken())
    return;
  constexpr std::size_t erased_bytes_min = 64 * 1024; // moving the rest forward costs its size
  if (is_empty() || begin_ >= erased_bytes_min) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_ += bytes;
}

void OutputQueue::write_some() {
  if (is_empty())
    return;
  // POLLOUT promises room for so much in a pipe, and no more.
  const std::size_t size = std::min<std::size_t>(bytes_.size() - begin_, PIPE_BUF);
  const ssize_t written = write(descriptor_, bytes_.data() + begin_, size);
  if (written > 0)
    begin_ += static_cast<std::size_t>(written);
  else if (errno != EINTR && errno != EAGAIN)
    problem_ = errno;
  if (is_broken())
    drop();
}

void OutputQueue::drop() { begin_ = bytes_.size(); }

} // namespace stos::program

#include "actors/run/line_file.hpp"

#include "libstos/base/usage_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace stos::detail {
namespace {

constexpr mode_t for_all = 0666;

// Of a regular file, its size.
std::optional<std::uint64_t> size_of(int file) {
  struct stat status = {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

} // namespace

// A file that may be written but not read is possible, and is treated like a pipe.
LineFile::LineFile(const char* what, const std::string& path)
    : what_(what), path_(path), file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, for_all)) {
  can_be_read_back_ = static_cast<bool>(file_) && size_of(file_.get());
  if (!can_be_read_back_)
    file_ = Descriptor(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, for_all));
  if (!file_)
    throw UsageError(cannot_write(errno));
  has_more_there_ = can_be_read_back_;
}

Error LineFile::cannot_write(int number) const {
  return {Errc::io_error,
          std::string("cannot write the ") + what_ + " to " + path_ + ": " + std::strerror(number)};
}

// How many bytes the file has already as they are to be.
std::size_t LineFile::same_as_there(std::string_view text) {
  constexpr std::size_t at_once = std::size_t{1} << 16;
  std::vector<char> there(std::min(text.size(), at_once));
  std::size_t same = 0;
  while (same < text.size()) {
    const ssize_t got = pread(file_.get(), there.data(), std::min(there.size(), text.size() - same),
                              static_cast<off_t>(size_ + same));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return same;
    const std::string_view seen(there.data(), static_cast<std::size_t>(got));
    const auto first_other = std::ranges::mismatch(seen, text.substr(same, seen.size())).in1;
    same += static_cast<std::size_t>(first_other - seen.begin());
    if (first_other != seen.end())
      return same;
  }
  return same;
}

std::optional<Error> LineFile::cut_off() {
  has_more_there_ = false;
  if (ftruncate(file_.get(), static_cast<off_t>(size_)) != 0)
    return cannot_write(errno);
  return std::nullopt;
}

std::optional<Error> LineFile::append(std::string_view text) {
  if (has_more_there_) {
    const std::size_t same = same_as_there(text);
    size_ += same;
    text.remove_prefix(same);
    if (text.empty())
      return std::nullopt;
    if (auto problem = cut_off())
      return problem;
  }
  while (!text.empty()) {
    const ssize_t written =
        can_be_read_back_ ? pwrite(file_.get(), text.data(), text.size(), static_cast<off_t>(size_))
                          : write(file_.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return cannot_write(written < 0 ? errno : ENOSPC);
    size_ += static_cast<std::size_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return std::nullopt;
}

std::optional<Error> LineFile::end() {
  return has_more_there_ && size_of(file_.get()) != size_ ? cut_off() : std::nullopt;
}

} // namespace stos::detail

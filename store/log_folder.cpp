#include "store/log_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace stos {
namespace {

constexpr const char* name_of_lock = "lock";

std::string text_of(int error) { return std::generic_category().message(error); }

// The folder that a name stands in is on the disk, too.
int sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

} // namespace

Result<std::unique_ptr<LogFolder>> FileLogFolder::open(const std::string& path,
                                                       double lock_wait_s) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(path, error);
  if (error)
    return Error{Errc::io_error, "the log in " + path + ": " + error.message()};
  if (is_new) {
    const std::string parent = std::filesystem::absolute(path).parent_path().string();
    if (const int failure = sync_folder(parent); failure != 0)
      return Error{Errc::io_error, parent + ": " + text_of(failure)};
  }
  Result<detail::FileLock> lock = detail::FileLock::take(
      path + '/' + name_of_lock, detail::FileLock::Kind::exclusive, lock_wait_s);
  if (!lock)
    return Error{Errc::io_error, "the log in " + path + ": " + lock.error().context};
  return std::unique_ptr<LogFolder>(new FileLogFolder(path, *std::move(lock)));
}

FileLogFolder::~FileLogFolder() {
  for (const auto& [name, descriptor] : open_)
    ::close(descriptor);
}

std::string FileLogFolder::path_of(const std::string& name) const { return path_ + '/' + name; }

Error FileLogFolder::failed(const std::string& name, const char* what, int error) const {
  std::string text = path_of(name) + ": " + what + ": ";
  if (error == ENOSPC || error == EDQUOT)
    text += "the disk is full: make room, and start the node again";
  else
    text += text_of(error);
  return {Errc::io_error, std::move(text)};
}

Result<std::vector<std::string>> FileLogFolder::names() {
  std::vector<std::string> all;
  std::error_code error;
  for (auto at = std::filesystem::directory_iterator(path_, error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error))
    if (at->path().filename() != name_of_lock)
      all.push_back(at->path().filename().string());
  if (error)
    return Error{Errc::io_error, path_ + ": " + error.message()};
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::vector<std::byte>> FileLogFolder::read(const std::string& name) {
  const int descriptor = ::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return failed(name, "it cannot be read", errno);
  struct stat about {};
  std::vector<std::byte> bytes;
  int error = ::fstat(descriptor, &about) == 0 ? 0 : errno;
  bytes.resize(error == 0 ? static_cast<std::size_t>(about.st_size) : 0);
  std::size_t size = 0;
  while (error == 0 && size < bytes.size()) {
    const ssize_t part = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (part > 0)
      size += static_cast<std::size_t>(part);
    else if (part == 0)
      break;
    else if (errno != EINTR)
      error = errno;
  }
  ::close(descriptor);
  if (error != 0)
    return failed(name, "it cannot be read", error);
  bytes.resize(size);
  return bytes;
}

Result<int> FileLogFolder::writable(const std::string& name) {
  if (const auto at = open_.find(name); at != open_.end())
    return at->second;
  const int descriptor =
      ::open(path_of(name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return failed(name, "it cannot be written to", errno);
  open_[name] = descriptor;
  return descriptor;
}

void FileLogFolder::forget(const std::string& name) {
  const auto at = open_.find(name);
  if (at == open_.end())
    return;
  ::close(at->second);
  open_.erase(at);
}

Result<void> FileLogFolder::append(const std::string& name, std::span<const std::byte> bytes) {
  const Result<int> descriptor = writable(name);
  if (!descriptor)
    return descriptor.error();
  while (!bytes.empty()) {
    const ssize_t size = ::write(*descriptor, bytes.data(), bytes.size());
    if (size >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(size));
    else if (errno != EINTR)
      return failed(name, "it cannot be written to", errno);
  }
  return {};
}

Result<void> FileLogFolder::truncate(const std::string& name, std::uint64_t size) {
  const Result<int> descriptor = writable(name);
  if (!descriptor)
    return descriptor.error();
  if (::ftruncate(*descriptor, static_cast<off_t>(size)) != 0)
    return failed(name, "it cannot be cut", errno);
  return {};
}

Result<void> FileLogFolder::sync(const std::string& name) {
  const Result<int> descriptor = writable(name);
  if (!descriptor)
    return descriptor.error();
  if (::fdatasync(*descriptor) != 0)
    return failed(name, "what was written does not reach the disk", errno);
  return {};
}

Result<void> FileLogFolder::rename(const std::string& from, const std::string& to) {
  forget(from);
  forget(to);
  if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0)
    return failed(from, "it cannot be renamed", errno);
  return {};
}

Result<void> FileLogFolder::remove(const std::string& name) {
  forget(name);
  if (::unlink(path_of(name).c_str()) != 0)
    return failed(name, "it cannot be removed", errno);
  return {};
}

Result<void> FileLogFolder::sync_names() {
  if (const int error = sync_folder(path_); error != 0)
    return Error{Errc::io_error, path_ + ": " + text_of(error)};
  return {};
}

} // namespace stos

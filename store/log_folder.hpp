#pragma once

#include "libstos/base/result.hpp"
#include "store/file_lock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stos {

/// The files of one folder, as a write-ahead log needs them: all its input and output is behind
/// this door, so that tests have disks that lose, tear and fill up.
///
/// Order:   what was appended to a file is safe after sync(), and names of files (new, renamed,
///          removed) after sync_names(). Until then a crash may leave any part of it.
/// Errors:  io_error with the path, what was seen, and what to do. A full disk says that it is
/// full. Threads: none inside. One thread at a time.
class LogFolder {
public:
  virtual ~LogFolder() = default;

  [[nodiscard]] virtual std::string path_of(const std::string& name) const = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> names() = 0; ///< in order
  [[nodiscard]] virtual Result<std::vector<std::byte>> read(const std::string& name) = 0;

  /// Makes the file if it is not there. After a failure any part of it may have been appended.
  [[nodiscard]] virtual Result<void> append(const std::string& name,
                                            std::span<const std::byte> bytes) = 0;
  [[nodiscard]] virtual Result<void> truncate(const std::string& name, std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<void> sync(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> sync_names() = 0;
};

/// A folder of the file system. It makes the folder if it is not there, and locks it: two processes
/// never write one log.
class FileLogFolder final : public LogFolder {
public:
  /// Waits up to so long for another process that has it.
  [[nodiscard]] static Result<std::unique_ptr<LogFolder>> open(const std::string& path,
                                                               double lock_wait_s = 1);
  ~FileLogFolder() override;

  [[nodiscard]] std::string path_of(const std::string& name) const override;
  [[nodiscard]] Result<std::vector<std::string>> names() override;
  [[nodiscard]] Result<std::vector<std::byte>> read(const std::string& name) override;
  [[nodiscard]] Result<void> append(const std::string& name,
                                    std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> truncate(const std::string& name, std::uint64_t size) override;
  [[nodiscard]] Result<void> sync(const std::string& name) override;
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<void> remove(const std::string& name) override;
  [[nodiscard]] Result<void> sync_names() override;

private:
  FileLogFolder(std::string path, detail::FileLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  [[nodiscard]] Error failed(const std::string& name, const char* what, int error) const;
  [[nodiscard]] Result<int> writable(const std::string& name);
  void forget(const std::string& name);

  std::string path_;
  detail::FileLock lock_;
  std::map<std::string, int> open_; // descriptors of files that were written
};

} // namespace stos

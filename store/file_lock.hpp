#pragma once

#include "libstos/base/result.hpp"

#include <optional>
#include <string>

namespace stos::detail {

/// A lock on a file among processes, and among the locks of one process; it ends with its holder.
///
/// Threads: none inside.
class FileLock {
public:
  enum class Kind { shared, exclusive };

  /// Waits up to so long for other holders, one of which is named if that is not enough. An
  /// exclusive one makes the file if it is not there.
  [[nodiscard]] static Result<FileLock> take(const std::string& path, Kind kind, double wait_s);

  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

} // namespace stos::detail

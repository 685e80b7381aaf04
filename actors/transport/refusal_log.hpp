#pragma once

#include "actors/transport/rate_limit.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace stos::detail {

/// Writes to the log who was refused, and does not let strangers fill it: a few lines at once, then
/// one every ten seconds that says how many there were meanwhile.
///
/// Threads: may be called from any.
class RefusalLog {
public:
  /// `line` is to be printable, and of limited length. Whether it was written.
  bool note(const std::string& line);

  static constexpr int lines_at_once = 8;
  static constexpr double seconds_a_line = 10;

private:
  std::mutex mutex_;
  RateLimit lines_{1 / seconds_a_line, lines_at_once};
  std::uint64_t not_told_ = 0;
};

} // namespace stos::detail

#pragma once

#include <chrono>

namespace stos::bench {

/// Wall-clock time since its creation.
class Stopwatch {
public:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }

private:
  Clock::time_point start_ = Clock::now();
};

} // namespace stos::bench

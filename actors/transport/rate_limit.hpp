#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace stos::detail {

/// So many of something a second, and so many at once after a pause.
///
/// Threads: one at a time.
/// Source:  the token bucket, as in J. Turner, "New directions in communications", 1986.
class RateLimit {
public:
  using Clock = std::chrono::steady_clock;

  RateLimit(double a_second, double at_once)
      : a_second_(a_second), at_once_(at_once), left_(at_once) {}

  /// Whether there may be one more.
  [[nodiscard]] bool has(Clock::time_point now) {
    if (counted_ != Clock::time_point{}) {
      const double passed_s = std::chrono::duration<double>(now - counted_).count();
      left_ = std::min(at_once_, left_ + passed_s * a_second_);
    }
    counted_ = now;
    return left_ >= 1;
  }

  /// Likewise; then it counts.
  [[nodiscard]] bool take(Clock::time_point now) {
    const bool may = has(now);
    left_ -= may ? 1 : 0;
    return may;
  }

  /// There are none for now.
  void use_up() { left_ = 0; }

private:
  double a_second_;
  double at_once_;
  double left_;
  Clock::time_point counted_{}; ///< up to when `left_` has grown
};

} // namespace stos::detail

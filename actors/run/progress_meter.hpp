#pragma once

#include "libstos/options/run_options.hpp"

#include <chrono>
#include <cstdint>

namespace stos {

/// Draws one line on the terminal while a run lasts: simulated time, events per second, time left.
/// Draws nothing during the first second, so that short runs stay silent.
class ProgressMeter {
public:
  ProgressMeter(const RunOptions& options, double end_time);
  ~ProgressMeter(); ///< wipes the line

  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  void update(double laboratory_time, std::uint64_t events);

  [[nodiscard]] bool enabled() const { return enabled_; }

private:
  using Clock = std::chrono::steady_clock;

  bool enabled_;
  bool drawn_ = false;
  double end_time_;
  std::chrono::duration<double> interval_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_drawn_ = started_;
};

} // namespace stos

#include "actors/progress_meter.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace stos {

ProgressMeter::ProgressMeter(const RunOptions& options, double end_time)
    : enabled_(options.progress == ProgressMode::always ||
               (options.progress == ProgressMode::automatic && isatty(STDERR_FILENO) != 0)),
      end_time_(end_time), interval_(options.progress_interval_s) {}

ProgressMeter::~ProgressMeter() {
  if (drawn_)
    std::fputs("\r\033[K", stderr);
}

void ProgressMeter::update(double laboratory_time, std::uint64_t events) {
  if (!enabled_)
    return;
  const auto now = Clock::now();
  const std::chrono::duration<double> elapsed = now - started_;
  if (elapsed.count() < 1 || now - last_drawn_ < interval_)
    return;
  last_drawn_ = now;
  drawn_ = true;
  const double rate = static_cast<double>(events) / elapsed.count();
  if (std::isfinite(end_time_) && laboratory_time > 0) {
    const double left = elapsed.count() * (end_time_ - laboratory_time) / laboratory_time;
    std::fprintf(stderr, "\r\033[Ksimulated %.6g of %.6g s (%.1f %%), %.3g events/s, %.0f s left",
                 laboratory_time, end_time_, 100 * laboratory_time / end_time_, rate, left);
  } else {
    std::fprintf(stderr, "\r\033[Ksimulated %.6g s, %.3g events/s", laboratory_time, rate);
  }
  std::fflush(stderr);
}

} // namespace stos

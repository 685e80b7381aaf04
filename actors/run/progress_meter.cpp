#include "actors/run/progress_meter.hpp"

#include "libstos/base/exact_text.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <string>

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
  std::string line = "\r\033[Ksimulated " + short_text(laboratory_time);
  const std::string speed = short_text(rate, 3) + " events/s";
  if (std::isfinite(end_time_) && laboratory_time > 0) {
    const double left = elapsed.count() * (end_time_ - laboratory_time) / laboratory_time;
    const double percent = std::round(1000 * laboratory_time / end_time_) / 10;
    line += " of " + short_text(end_time_) + " s (" + short_text(percent) + " %), " + speed + ", " +
            short_text(std::round(left)) + " s left";
  } else {
    line += " s, " + speed;
  }
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

} // namespace stos

#include "bench/stos_bench/other_programs.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <tuple>
#include <utility>

namespace stos::bench {
namespace {

// Busy, and all, of all processors together.
std::pair<double, double> processor_seconds() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  double busy = 0, all = 0, ticks = 0;
  constexpr int idle = 3, waiting_for_disks = 4, guests = 8; // guests are counted as user, too
  for (int i = 0; i < guests && file >> ticks; ++i) {
    all += ticks;
    if (i != idle && i != waiting_for_disks)
      busy += ticks;
  }
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {busy / ticks_per_s, all / ticks_per_s};
}

double seconds_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double own_seconds() { return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN); }

} // namespace

OtherPrograms::OtherPrograms() : own_s_(own_seconds()) {
  std::tie(busy_s_, all_s_) = processor_seconds();
}

double OtherPrograms::share() const {
  const auto [busy_s, all_s] = processor_seconds();
  if (all_s <= all_s_)
    return 0;
  return std::max(0.0, (busy_s - busy_s_ - (own_seconds() - own_s_)) / (all_s - all_s_));
}

} // namespace stos::bench

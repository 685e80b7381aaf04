#include "logbook.hpp"

#include <algorithm>

namespace interplanetary {

void Logbook::add(CraftLog log) {
  const std::lock_guard lock(mutex_);
  crafts_.push_back(std::move(log));
}

void Logbook::add(LightTimes times) {
  const std::lock_guard lock(mutex_);
  light_times_.push_back(std::move(times));
}

std::vector<CraftLog> Logbook::take_crafts() {
  std::sort(crafts_.begin(), crafts_.end(),
            [](const CraftLog& a, const CraftLog& b) { return a.craft < b.craft; });
  return std::move(crafts_);
}

std::vector<LightTimes> Logbook::take_light_times() {
  std::sort(light_times_.begin(), light_times_.end(), [](const LightTimes& a, const LightTimes& b) {
    return std::pair(a.from, a.to) < std::pair(b.from, b.to);
  });
  return std::move(light_times_);
}

} // namespace interplanetary

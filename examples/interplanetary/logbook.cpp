#include "logbook.hpp"

#include <algorithm>

namespace interplanetary {
namespace {

template <class T>
std::vector<T> reported(const stos::Reports& reports, const char* topic) {
  std::vector<T> values;
  for (auto& [agent, value] : reports.of<T>(topic))
    values.push_back(std::move(value));
  return values;
}

} // namespace

std::vector<CraftLog> craft_logs(const stos::Reports& reports) {
  auto logs = reported<CraftLog>(reports, craft_log_topic);
  std::sort(logs.begin(), logs.end(),
            [](const CraftLog& a, const CraftLog& b) { return a.craft < b.craft; });
  return logs;
}

std::vector<LightTimes> light_times(const stos::Reports& reports) {
  auto all = reported<LightTimes>(reports, light_times_topic);
  std::sort(all.begin(), all.end(), [](const LightTimes& a, const LightTimes& b) {
    return std::pair(a.from, a.to) < std::pair(b.from, b.to);
  });
  return all;
}

} // namespace interplanetary

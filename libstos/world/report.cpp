#include "libstos/world/report.hpp"

#include "libstos/base/digest.hpp"
#include "libstos/base/hash.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace stos {

bool is_earlier_report(const Report& a, const Report& b) {
  return std::tie(a.time, a.agent, a.ordinal) < std::tie(b.time, b.agent, b.ordinal);
}

std::uint64_t hash_of(const Report& report) {
  const std::uint64_t name = mix64(report.agent.value + mix64(report.ordinal));
  const std::uint64_t time = std::bit_cast<std::uint64_t>(report.time);
  return hash_bytes(report.value, mix64(name + mix64(time + hash_text(report.topic))));
}

Reports::Reports(std::vector<Report> reports) : reports_(std::move(reports)) {
  std::sort(reports_.begin(), reports_.end(), is_earlier_report);
}

} // namespace stos

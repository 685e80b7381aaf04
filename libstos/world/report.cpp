#include "libstos/world/report.hpp"

#include <algorithm>
#include <tuple>

namespace stos {

bool is_earlier_report(const Report& a, const Report& b) {
  return std::tie(a.time, a.agent, a.ordinal) < std::tie(b.time, b.agent, b.ordinal);
}

Reports::Reports(std::vector<Report> reports) : reports_(std::move(reports)) {
  std::sort(reports_.begin(), reports_.end(), is_earlier_report);
}

} // namespace stos

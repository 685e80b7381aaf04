#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace stos::detail {

/// Keeps the records of one domain small when it has more of them than the whole run may have.
///
/// Then the run fails at the time of the first record too many of all, which is no later than that
/// of this domain's own: what is recorded after that counts no more. Records do not come in the
/// order of their times.
class RecordCut {
public:
  /// After one more was added to `records`, of which there may be `most`. Returns where the run may
  /// end, if that is news.
  template <class Record, class TimeOf>
  std::optional<double> added(std::vector<Record>& records, std::uint64_t most, TimeOf time_of) {
    if (records.size() <= most) [[likely]]
      return std::nullopt;
    if (time_of(records.back()) > cut_) {
      records.pop_back();
      return std::nullopt;
    }
    if (records.size() < next_look_)
      return std::nullopt;
    std::vector<double> times;
    for (const Record& record : records)
      times.push_back(time_of(record));
    const auto excess = times.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(times.begin(), excess, times.end());
    cut_ = *excess;
    std::erase_if(records, [&](const Record& record) { return time_of(record) > cut_; });
    constexpr std::size_t least_stride = 64;
    next_look_ = 2 * records.size() + least_stride;
    return std::nextafter(cut_, std::numeric_limits<double>::infinity());
  }

private:
  double cut_ = std::numeric_limits<double>::infinity();
  std::size_t next_look_ = 0;
};

} // namespace stos::detail

#pragma once

#include "libstos/world/report.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos {

// From the reports of a run (RunSummary::reports) to numbers over time. Each node has all reports,
// in an order that is the same on every engine, and sums follow that order: so the results have the
// same bits everywhere.

/// A number at a laboratory time.
struct Sample {
  double time = 0;
  double value = 0;

  friend bool operator==(const Sample&, const Sample&) = default;
};

/// In order of time.
using Series = std::vector<Sample>;

/// What agents have reported under `topic`, one sample for each report, in order. `T` is the type
/// that they have reported: an integer, bool or double. Throws UsageError (bad_argument) if it has
/// another length.
template <class T>
requires std::is_arithmetic_v<T>
[[nodiscard]] Series samples(const Reports& reports, std::string_view topic) {
  Series all;
  const auto values = reports.of<T>(topic);
  auto value = values.begin();
  for (const Report& report : reports.all())
    if (report.topic == topic)
      all.push_back({report.time, static_cast<double>((value++)->second)});
  return all;
}

/// How samples of one time become one number.
enum class Reduction : std::uint8_t { count, sum, mean, least, greatest, median };

/// One sample for each time: what all agents have reported then, reduced. For what they report at
/// common times, in steps or in every().
[[nodiscard]] Series over_agents(const Series& samples, Reduction reduction);

/// Of samples that are changes (one more who is ill, one fewer): how many there are from each time
/// on. One for each time.
[[nodiscard]] Series running_sum(const Series& changes);

/// A share of all samples is at most the result: 0.5 gives the median, 0 and 1 the extremes;
/// between two samples, what lies there in proportion. Throws UsageError (bad_argument) if there
/// are none, or the share is not in [0, 1].
[[nodiscard]] double quantile(const Series& samples, double share);

/// How many samples are in each of `bins` equal parts of [low, high), and behind those, how many
/// are below and how many are not.
[[nodiscard]] std::vector<std::uint64_t> histogram(const Series& samples, double low, double high,
                                                   std::size_t bins);

/// What the value was at times first, first + period, ..., `count` of them: that of the latest
/// sample up to then; 0 before the first one.
[[nodiscard]] Series at_times(const Series& series, double first, double period, std::size_t count);

/// A table with a header: the time, and a column for each series. It has a line for each time of
/// any of them; where a series has no sample, the field is empty. Numbers read back exactly, in any
/// locale. Names with commas, quotes or line ends are quoted.
/// @pre no series has two samples of one time
[[nodiscard]] std::string csv_of(const std::vector<std::pair<std::string, Series>>& columns);
[[nodiscard]] inline std::string
csv_of(std::initializer_list<std::pair<std::string, Series>> columns) {
  return csv_of(std::vector(columns));
}

} // namespace stos

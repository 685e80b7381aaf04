#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stos {

/// How many durations were how long: counts in fixed classes, each bound four times the one before.
///
/// The classes are the same in every process, so histograms can be added and sent. The caller
/// need not measure everything; a mean and the shares are then those of the sample.
///
/// Units:   seconds.
/// Threads: none inside.
class DurationHistogram {
public:
  /// Upper bounds of all classes but the last one, which has none. A bound belongs to its class.
  static constexpr std::array<double, 12> bounds_s = {
      2.5e-7, 1e-6, 4e-6, 16e-6, 64e-6, 256e-6, 1.024e-3, 4.096e-3, 16.4e-3, 65.5e-3, 0.262, 1.05};
  static constexpr std::size_t classes = bounds_s.size() + 1;

  void add(double duration_s) {
    std::size_t i = 0;
    while (i < bounds_s.size() && duration_s > bounds_s[i])
      ++i;
    ++counts[i];
    sum_s += duration_s;
  }

  void add(const DurationHistogram& other) {
    for (std::size_t i = 0; i < classes; ++i)
      counts[i] += other.counts[i];
    sum_s += other.sum_s;
  }

  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t durations : counts)
      sum += durations;
    return sum;
  }

  friend bool operator==(const DurationHistogram&, const DurationHistogram&) = default;

  std::array<std::uint64_t, classes> counts{}; ///< by class, not cumulative
  double sum_s = 0;                            ///< of all durations
};

} // namespace stos

#include "libstos/model/series.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace stos {
namespace {

// @pre `values` are not empty. They are put into another order.
double quantile_of(std::span<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double rest = place - static_cast<double>(below);
  return rest == 0 ? values[below] : values[below] + rest * (values[below + 1] - values[below]);
}

double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values)
    sum += value;
  return sum;
}

double reduce(std::span<double> values, Reduction reduction) {
  switch (reduction) {
    case Reduction::count: break;
    case Reduction::sum: return sum_of(values);
    case Reduction::mean: return sum_of(values) / static_cast<double>(values.size());
    case Reduction::least: return *std::min_element(values.begin(), values.end());
    case Reduction::greatest: return *std::max_element(values.begin(), values.end());
    case Reduction::median: return quantile_of(values, 0.5);
  }
  return static_cast<double>(values.size());
}

} // namespace

Series over_agents(const Series& samples, Reduction reduction) {
  Series all;
  std::vector<double> values;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    values.push_back(samples[i].value);
    if (i + 1 < samples.size() && samples[i + 1].time == samples[i].time)
      continue;
    all.push_back({samples[i].time, reduce(values, reduction)});
    values.clear();
  }
  return all;
}

Series running_sum(const Series& changes) {
  Series all = over_agents(changes, Reduction::sum);
  double sum = 0;
  for (Sample& sample : all)
    sample.value = sum += sample.value;
  return all;
}

double quantile(const Series& samples, double share) {
  if (samples.empty() || !(share >= 0 && share <= 1))
    throw UsageError(Errc::bad_argument,
                     "a quantile of at least one sample, for a share in [0, 1], "
                     "not of " +
                         std::to_string(samples.size()) + " for " + exact_text(share));
  std::vector<double> values;
  for (const Sample& sample : samples)
    values.push_back(sample.value);
  return quantile_of(values, share);
}

std::vector<std::uint64_t> histogram(const Series& samples, double low, double high,
                                     std::size_t bins) {
  if (!(low < high) || bins == 0)
    throw UsageError(Errc::bad_argument,
                     "a histogram has at least one bin, between two numbers, not " +
                         std::to_string(bins) + " from " + exact_text(low) + " to " +
                         exact_text(high));
  std::vector<std::uint64_t> counts(bins + 2);
  const double width = (high - low) / static_cast<double>(bins);
  for (const auto& [time, value] : samples) {
    if (value < low) {
      ++counts[bins];
    } else if (value < high) {
      const auto bin = static_cast<std::size_t>((value - low) / width);
      ++counts[std::min(bin, bins - 1)];
    } else {
      ++counts[bins + 1];
    }
  }
  return counts;
}

Series at_times(const Series& series, double first, double period, std::size_t count) {
  Series all;
  auto next = series.begin();
  double value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double time = first + static_cast<double>(i) * period;
    for (; next != series.end() && next->time <= time; ++next)
      value = next->value;
    all.push_back({time, value});
  }
  return all;
}

std::string csv_of(const std::vector<std::pair<std::string, Series>>& columns) {
  std::string text = "time";
  std::vector<double> times;
  for (const auto& [name, series] : columns) {
    text += ',' + csv_field(name);
    for (const Sample& sample : series)
      times.push_back(sample.time);
  }
  text += '\n';
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::vector<std::size_t> next(columns.size());
  for (const double time : times) {
    text += exact_text(time);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Series& series = columns[c].second;
      text += ',';
      if (next[c] < series.size() && series[next[c]].time == time)
        text += exact_text(series[next[c]++].value);
    }
    text += '\n';
  }
  return text;
}

} // namespace stos

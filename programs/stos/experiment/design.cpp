#include "programs/stos/experiment/design.hpp"

#include "libstos/base/exact_text.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/base/portable_math.hpp"
#include "libstos/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stos::program {
namespace {

constexpr int digits = 12; // so that 0.1 + 0.2 is 0.3

/// The number that a share of the interval lies below; `share` is in [0, 1].
double number_at(const Parameter::Interval& interval, double share) {
  if (interval.is_logarithmic)
    return interval.low * portable_exp(share * portable_log(interval.high / interval.low));
  return interval.low + share * (interval.high - interval.low);
}

std::string value_at(const Parameter& parameter, double share) {
  if (!parameter.values.empty()) {
    const auto size = parameter.values.size();
    const auto index = static_cast<std::size_t>(share * static_cast<double>(size));
    return parameter.values[std::min(index, size - 1)];
  }
  const Parameter::Interval& interval = parameter.interval;
  if (!interval.is_whole)
    return short_text(number_at(interval, share), digits);
  // Each whole number has a part of its own.
  Parameter::Interval parts = interval;
  parts.high += 1;
  const double number = std::floor(number_at(parts, share));
  return exact_text(static_cast<std::int64_t>(std::clamp(number, interval.low, interval.high)));
}

} // namespace

std::vector<std::vector<std::string>> grid_points(const std::vector<Parameter>& parameters) {
  std::vector<std::vector<std::string>> points = {{}};
  for (const Parameter& parameter : parameters) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& point : points)
      for (const std::string& value : parameter.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    points = std::move(longer);
  }
  return points;
}

std::vector<std::vector<std::string>> random_points(const std::vector<Parameter>& parameters,
                                                    Design design, std::size_t count,
                                                    std::uint64_t seed) {
  constexpr std::uint64_t purpose = 0x64657369676e; // no seed of a run comes from this stream
  RandomStream random(mix64(seed ^ purpose));
  std::vector<std::vector<std::string>> points(count);
  std::vector<std::size_t> parts(count);
  for (const Parameter& parameter : parameters) {
    std::iota(parts.begin(), parts.end(), std::size_t{0});
    if (design == Design::latin_hypercube)
      random.shuffle(parts);
    for (std::size_t i = 0; i < count; ++i) {
      const double place = random.uniform();
      const double share =
          design == Design::latin_hypercube
              ? (static_cast<double>(parts[i]) + place) / static_cast<double>(count)
              : place;
      points[i].push_back(value_at(parameter, share));
    }
  }
  return points;
}

std::vector<std::string> steps_between(const Parameter::Interval& interval, std::size_t count) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1);
    const double number = i + 1 == count && count > 1 ? interval.high : number_at(interval, share);
    values.push_back(short_text(interval.is_whole ? std::round(number) : number, digits));
  }
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

} // namespace stos::program

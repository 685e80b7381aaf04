#pragma once

#include "programs/stos/plain_locale.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

// What pictures in SVG have in common. Equal arguments give equal bytes, in any locale.
namespace stos::program::svg {

/// Distinguishable also for the colour-blind (after Okabe and Ito, "Color Universal Design").
inline constexpr std::array<const char*, 8> colours = {"#0072b2", "#d55e00", "#009e73", "#b5548c",
                                                       "#c28a00", "#3f8fc4", "#6a4c93", "#5f6b6d"};

[[nodiscard]] inline const char* colour_of(std::size_t group) {
  return colours[group % colours.size()];
}

/// As snprintf() prints it, up to 511 characters.
template <class... Values>
[[nodiscard]] std::string format(const char* pattern, Values... values) {
  const PlainLocale plain;
  std::array<char, 512> text{};
  const int size = std::snprintf(text.data(), text.size(), pattern, values...);
  return {text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1)};
}

/// `text` as XML; what XML cannot hold (control characters, bytes that are no UTF-8) becomes '?'.
[[nodiscard]] std::string escape(std::string_view text);

/// `text`, or its first `bytes_max` bytes and an ellipsis.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t bytes_max);

/// A line of text at a place, as an element with these attributes.
[[nodiscard]] std::string text(double x, double y, const char* attributes,
                               std::string_view content);

/// An interval of data that grows to hold what it is given.
struct Range {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  void include(double value) {
    min = std::min(min, value);
    max = std::max(max, value);
  }
  [[nodiscard]] double size() const { return max > min ? max - min : 0; }

  /// The same with `share` of its size on both sides; never empty.
  [[nodiscard]] Range widened(double share) const;
};

/// Round numbers across a range: 1, 2 or 5 times a power of ten apart, about `wanted` of them.
struct Ticks {
  Ticks(const Range& range, int wanted);

  [[nodiscard]] std::string label(double value) const;

  double step = 1;
  std::vector<double> values;
};

} // namespace stos::program::svg

#include "programs/stos/text_table.hpp"

#include "programs/stos/plain_locale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace stos::program {

std::string printed(const char* format, double value) {
  const PlainLocale plain;
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

namespace {

/// With three digits, and the letter of how often it was divided by `kilo`.
std::string scaled(double value, double kilo) {
  constexpr std::string_view letters = "kMGTPE";
  std::size_t divisions = 0;
  for (; value >= kilo && divisions < letters.size(); ++divisions)
    value /= kilo;
  if (divisions == 0)
    return printed(value < 100 && value != std::floor(value) ? "%.1f" : "%.0f", value);
  return printed(value < 10    ? "%.2f"
                 : value < 100 ? "%.1f"
                               : "%.0f",
                 value) +
         letters[divisions - 1];
}

} // namespace

/// Four digits are as good as three and a letter.
std::string count_text(double value) {
  return value >= 1000 && value < 10'000 ? printed("%.0f", value) : scaled(value, 1000);
}
std::string bytes_text(double value) { return scaled(value, 1024); }
/// Whole seconds are shown as they are as long as that is short.
std::string seconds_text(double value) {
  return printed(std::abs(value) >= 1e6 && std::abs(value) < 1e9 ? "%.0f" : "%.6g", value);
}
std::string share_text(double share) { return printed("%.0f%%", share * 100); }

std::string or_dash(std::optional<double> value, std::string (*text)(double)) {
  return value && std::isfinite(*value) ? text(*value) : "-";
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(seconds, 0.0, 1e12));
  std::string text = printed("%.0f", static_cast<double>(whole % 60)) + "s";
  if (whole >= 60)
    text = std::to_string(whole / 60 % 60) + "m " + text;
  if (whole >= 3600)
    text = std::to_string(whole / 3600) + "h " + text;
  return text;
}

std::string shown(std::string_view name, std::size_t columns_max) {
  std::string text(name.substr(0, columns_max));
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (name.size() > columns_max)
    text.back() = '~';
  return text;
}

std::vector<std::string> Table::lines(std::size_t columns) const {
  std::vector<std::string> lines(rows_.size());
  for (std::size_t i = 0; i < rows_.front().size(); ++i) {
    std::size_t width = 0;
    for (const Row& row : rows_)
      width = std::max(width, row[i].size());
    const std::size_t gap = i == 0 ? 0 : 2;
    if (lines.front().size() + gap + width > columns)
      break;
    for (std::size_t line = 0; line < lines.size(); ++line) {
      const std::string& text = rows_[line][i];
      const std::string padding(width - text.size(), ' ');
      lines[line] += std::string(gap, ' ') + (i == 0 ? text + padding : padding + text);
    }
  }
  return lines;
}

} // namespace stos::program

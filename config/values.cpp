#include "config/values.hpp"

#include <algorithm>
#include <cmath>

namespace stos::detail {
namespace {

/// One unit of time: seconds = number * factor / divisor. One of the two is 1, so that a single
/// rounding happens; multiplying by an inexact 1e-3 would add a second one.
struct Unit {
  std::string_view name;
  double factor;
  double divisor;
};

constexpr Unit units[] = {{"ns", 1, 1e9}, {"us", 1, 1e6}, {"ms", 1, 1e3}, {"s", 1, 1},
                          {"min", 60, 1}, {"h", 3600, 1}, {"d", 86400, 1}};

Error bad_duration(std::string_view text, const std::string& problem) {
  return {Errc::bad_config, quote(text) + " " + problem};
}

} // namespace

bool looks_like_whole_number(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_finite(double number) { return std::isfinite(number); }

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "false")
    return text == "true";
  return Error{Errc::bad_config, quote(text) + " is neither true nor false"};
}

Result<double> parse_duration_s(std::string_view text, BareNumber bare) {
  double number = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || !std::isfinite(number))
    return bad_duration(text, "is not a duration");
  std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  if (unit.empty()) {
    if (bare == BareNumber::seconds)
      return number;
    return bad_duration(text, "has no unit");
  }
  if (unit.starts_with(' '))
    unit.remove_prefix(1);
  const auto* const known = std::ranges::find(units, unit, &Unit::name);
  if (known == std::end(units))
    return bad_duration(text, "has the unknown unit " + quote(unit));
  return number * known->factor / known->divisor;
}

} // namespace stos::detail

#pragma once

#include "config/spelling.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/cluster_options.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace stos::detail {

/// What a duration without a unit means: nothing (an error), or seconds.
enum class BareNumber { refused, seconds };

/// One value as it was written, before its key gives it a meaning.
struct RawValue {
  std::string text;
  bool in_quotes = false; ///< YAML quotes: the value is text, never a number
  bool is_null = false;   ///< YAML null, `~` or nothing at all
  BareNumber bare_number = BareNumber::refused;
  /// The texts of a YAML list; `text` is empty then.
  std::optional<std::vector<std::string>> list = std::nullopt;
};

/// The units of a duration, as error texts list them.
inline constexpr std::string_view duration_units = "ns, us, ms, s, min, h, d";

/// A type that an option of a program's command line can have.
template <class T>
concept Number = (std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool>;

/// Reads a decimal number of type T between `min` and `max`, both allowed; no blanks, no leading
/// '+', no infinity, and no whole number that begins with 0, which would be octal to one reader and
/// decimal to the next. Fails with Errc::bad_config and a text that quotes what was seen.
template <Number T>
[[nodiscard]] Result<T> parse_number(std::string_view text, T min, T max);

/// "true" or "false", and nothing else.
[[nodiscard]] Result<bool> parse_flag(std::string_view text);

/// Reads `500 ms`, `1.5h`: a number, at most one blank, a unit of `duration_units`. The result is
/// the double nearest to the exact number of seconds, so `9 ms` is the same value as 0.009.
/// Fails with Errc::bad_config; the text says whether the number or the unit is wrong.
[[nodiscard]] Result<double> parse_duration_s(std::string_view text, BareNumber bare);

/// Reads `host:port` with a port from `port_min` to 65535. The host is a name (RFC 1123, and `_`,
/// which container networks use), an IPv4 address, or an IPv6 address in brackets. The result has
/// one spelling for each address: lower case, IPv6 in its shortest form. Nothing is looked up.
/// Fails with Errc::bad_config and what is wrong with which part.
[[nodiscard]] Result<NodeAddress> parse_address(std::string_view text, std::uint16_t port_min);

/// The parts of `a,b,c`; none of "" and of "[]".
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

// ---------------------------------------------------------------------------------------------

/// Whether `text` is a number of the kind that T holds, however large.
[[nodiscard]] bool looks_like_whole_number(std::string_view text);
[[nodiscard]] bool is_finite(double number);
/// Whether a 0 stands before other digits of a whole number.
[[nodiscard]] bool begins_with_zero(std::string_view text);

template <Number T>
Result<T> parse_number(std::string_view text, T min, T max) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, number);
  const bool read = rest == end && status == std::errc{};
  bool right_kind = read || (rest == end && status == std::errc::result_out_of_range);
  if constexpr (std::integral<T>) {
    right_kind = looks_like_whole_number(text); // from_chars calls "-1" no unsigned number
    if (!right_kind)
      return Error{Errc::bad_config, quote(text) + " is not a whole number"};
    if (begins_with_zero(text))
      return Error{Errc::bad_config,
                   quote(text) +
                       " begins with 0, so it could be decimal or octal; wanted: a decimal "
                       "number without that"};
  } else {
    if (!right_kind || (read && !is_finite(number)))
      return Error{Errc::bad_config, quote(text) + " is not a number"};
  }
  if (!read || number < min || number > max)
    return Error{Errc::bad_config, quote(text) + " is out of range"};
  return number;
}

} // namespace stos::detail

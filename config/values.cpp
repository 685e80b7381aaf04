#include "config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_host_label(std::string_view label) {
  const auto is_allowed = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, is_allowed);
}

bool is_host_name(std::string_view host) {
  constexpr std::size_t host_bytes_max = 253; // RFC 1035 without the length bytes
  if (host.size() > host_bytes_max)
    return false;
  for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.')) {
    if (!is_host_label(host.substr(0, dot)))
      return false;
    host.remove_prefix(dot + 1);
  }
  return is_host_label(host);
}

/// `host` in its one spelling; the part in brackets for IPv6.
Result<std::string> parse_ipv6_host(std::string_view host) {
  in6_addr bytes{};
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  if (inet_pton(AF_INET6, std::string(host).c_str(), &bytes) != 1 ||
      host.find('\0') != std::string_view::npos ||
      inet_ntop(AF_INET6, &bytes, shortest.data(), shortest.size()) == nullptr)
    return Error{Errc::bad_config, "has " + quote(host) + ", which is not an IPv6 address"};
  return std::string(shortest.data());
}

Result<std::string> parse_named_host(std::string_view text) {
  std::string host(text);
  std::ranges::transform(host, host.begin(), to_lower);
  if (host.empty())
    return Error{Errc::bad_config, "has no host"};
  if (host.find(':') != std::string::npos)
    return Error{Errc::bad_config, "has an IPv6 address without brackets"};
  if (!is_host_name(host))
    return Error{Errc::bad_config, "has " + quote(text) + ", which is not a host name"};
  // No name of the internet ends in a number (RFC 1123, section 2.1): it is meant as IPv4.
  in_addr bytes{};
  const bool is_ipv4 = std::ranges::all_of(host.substr(host.rfind('.') + 1), is_digit);
  if (is_ipv4 && inet_pton(AF_INET, host.c_str(), &bytes) != 1)
    return Error{Errc::bad_config, "has " + quote(text) + ", which is not an IPv4 address"};
  return host;
}

} // namespace

bool looks_like_whole_number(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool begins_with_zero(std::string_view text) {
  if (text.starts_with('-'))
    text.remove_prefix(1);
  return text.size() > 1 && text.front() == '0';
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

Result<NodeAddress> parse_address(std::string_view text, std::uint16_t port_min) {
  const auto fail = [text](const std::string& problem) {
    return Error{Errc::bad_config, quote(text) + " " + problem};
  };
  const bool in_brackets = text.starts_with('[');
  const auto bracket = text.rfind(']');
  if (in_brackets && bracket == std::string_view::npos)
    return fail("has no closing bracket");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (in_brackets && colon < bracket))
    return fail("has no port");
  if (in_brackets && colon != bracket + 1)
    return fail("has something between the bracket and the port");
  const auto host = in_brackets ? parse_ipv6_host(text.substr(1, bracket - 1))
                                : parse_named_host(text.substr(0, colon));
  if (!host)
    return fail(host.error().context);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), port_min, 65535);
  if (!port)
    return fail("has the port " + port.error().context);
  return NodeAddress{*host, *port};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty() || text == "[]")
    return parts;
  for (auto comma = text.find(','); comma != std::string_view::npos; comma = text.find(',')) {
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma + 1);
  }
  parts.emplace_back(text);
  return parts;
}

} // namespace stos::detail

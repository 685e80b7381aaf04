#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace stos {

/// A stable 128-bit hash of bytes (XXH3): the name of a content. It tells contents apart that
/// differ by accident; an attacker can make two of one name.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] static ContentHash of(std::span<const std::byte> bytes);

  /// 32 hexadecimal digits.
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const ContentHash&, const ContentHash&) = default;
};

} // namespace stos

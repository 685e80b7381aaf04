#include "libstos/base/hexadecimal.hpp"

#include <string_view>

namespace stos {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

} // namespace

std::string hexadecimal(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = digits[(number >> (60 - 4 * i)) & 0xf];
  return text;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 0xf];
  }
  return text;
}

} // namespace stos

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace stos {

/// 16 digits, the highest first.
[[nodiscard]] std::string hexadecimal(std::uint64_t number);

/// Two digits a byte, in the order of the bytes.
[[nodiscard]] std::string hexadecimal(std::span<const std::byte> bytes);

} // namespace stos

#pragma once

#include <cstddef>
#include <cstdint>

namespace stos {

/// Asks the processor to fetch `lines` cache lines from `address` on. Only a hint: the address may
/// be null, or anything.
inline void prefetch(const void* address, std::size_t lines = 1) {
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  for (std::size_t i = 0; i < lines; ++i)
    // NOLINTNEXTLINE(performance-no-int-to-ptr): arithmetic on a null pointer is none
    __builtin_prefetch(reinterpret_cast<const void*>(first + 64 * i));
}

} // namespace stos

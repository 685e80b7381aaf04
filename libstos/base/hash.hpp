#pragma once

#include <cstdint>

namespace stos {

/// A bijection of 64-bit words in which every input bit changes about half of the output bits.
/// Source: the output function of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom
/// Number Generators", OOPSLA 2014), constants of variant 13 by D. Stafford.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

} // namespace stos

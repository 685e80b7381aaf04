#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace stos::detail {

template <class T>
using ByteArrayOf = std::array<unsigned char, sizeof(T)>;

// Constant evaluation refuses to make a pointer, a reference or a member of a union out of bytes.
// (clang refuses bit-fields, too, since it cannot do it yet.)
template <class T>
constexpr bool comes_from_bytes() {
  [[maybe_unused]] const auto bytes =
      __builtin_bit_cast(ByteArrayOf<T>, __builtin_bit_cast(T, ByteArrayOf<T>{}));
  return true;
}

/// Made of numbers only, in arrays and structures: no pointer, reference, union or bit-field, also
/// among what a lambda captures. So equal values have equal bytes everywhere, but for padding. Not
/// larger than what a compiler looks through in no time.
template <class T>
concept Plain = sizeof(T) <= 1024 && std::is_trivially_copyable_v<T>&& requires {
  typename std::bool_constant<comes_from_bytes<T>()>;
};

#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
#define STOS_HAS_CLEAR_PADDING
#endif
#endif

#ifndef STOS_HAS_CLEAR_PADDING
// To constant evaluation, what comes out of padding is no constant.
template <class T>
constexpr std::array<bool, sizeof(T)> bytes_of_values() {
  const auto bytes = __builtin_bit_cast(ByteArrayOf<T>, __builtin_bit_cast(T, ByteArrayOf<T>{}));
  std::array<bool, sizeof(T)> values{};
  for (std::size_t i = 0; i < sizeof(T); ++i)
    values[i] = __builtin_constant_p(bytes[i]) != 0;
  return values;
}
#endif

/// Makes padding 0 in `bytes`, those of a T, where the compiler can tell what is padding: gcc
/// always can, clang 14 in what is Plain. What the value of a union leaves unused is no padding.
template <class T>
void clear_padding(std::byte* bytes) {
  static_cast<void>(bytes);
#ifdef STOS_HAS_CLEAR_PADDING
  __builtin_clear_padding(reinterpret_cast<T*>(bytes));
#else
  if constexpr (Plain<T>) {
    constexpr std::array<bool, sizeof(T)> is_value = bytes_of_values<T>();
    for (std::size_t i = 0; i < sizeof(T); ++i)
      if (!is_value[i])
        bytes[i] = std::byte{0};
  }
#endif
}

#undef STOS_HAS_CLEAR_PADDING

} // namespace stos::detail

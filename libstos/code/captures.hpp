#pragma once

#include <bit>
#include <cstddef>
#include <type_traits>

namespace stos::detail {

template <class T>
struct BytesOf {
  unsigned char bytes[sizeof(T)];
};

/// Holds neither a pointer nor a reference, and no union, which might hold one: of all others the
/// compiler can make an object of bytes in a constant expression (std::bit_cast). There is no other
/// way to look into a closure.
template <class T>
concept FreeOfAddresses = std::is_trivially_copyable_v<T> && requires {
  typename std::bool_constant<(static_cast<void>(__builtin_bit_cast(T, BytesOf<T>{})), true)>;
};

/// For certain holds an address, or it is a union as large as one: std::optional and std::variant,
/// whose memory is not all used, and what has other members with them are not among these.
template <class T>
inline constexpr bool holds_address =
    std::is_trivially_copyable_v<T> && !std::is_empty_v<T> && !FreeOfAddresses<T> &&
    (std::has_unique_object_representations_v<T> ||
     // NOLINTNEXTLINE(misc-redundant-expression): so it is for some T
     (sizeof(T) == sizeof(void*) && alignof(T) == alignof(void*)));

} // namespace stos::detail

#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <type_traits>

namespace stos::detail {

class Cell;

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
     (sizeof(T) == sizeof(void*) && alignof(T) == alignof(void*)));

/// Throws UsageError if `captured` holds an address within the agent of `cell`, or on the stack of
/// this thread.
void require_no_address(const Cell& cell, std::span<const std::byte> captured);

/// The same for a lambda that `cell` sends. Costs nothing where the compiler can tell.
template <class Function>
void require_no_address_in(const Cell& cell, const Function& function) {
  if constexpr (std::is_trivially_copyable_v<Function> && !std::is_empty_v<Function> &&
                !FreeOfAddresses<Function>)
    require_no_address(cell, std::as_bytes(std::span(&function, std::size_t{1})));
}

} // namespace stos::detail

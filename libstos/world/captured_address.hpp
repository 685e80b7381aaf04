#pragma once

#include "libstos/code/captures.hpp"

#include <cstddef>
#include <span>
#include <type_traits>

namespace stos::detail {

class Cell;

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

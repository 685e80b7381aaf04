#pragma once

#include <string_view>

namespace stos::detail {

/// Prints what was seen and aborts: the library itself is wrong, nothing it says can be trusted.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line,
                                   std::string_view seen);

} // namespace stos::detail

/// Checks an invariant of our own, in every build. The optional second argument says what was seen.
#define STOS_ASSERT(condition, ...)                                                                \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::stos::detail::assertion_failed(#condition, __FILE__, __LINE__, {__VA_ARGS__});             \
  } while (false)

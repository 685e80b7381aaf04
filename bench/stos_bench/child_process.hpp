#pragma once

#include "libstos/base/result.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>

namespace stos::bench {

namespace detail {
[[nodiscard]] Result<void> fill_in_child(std::span<std::byte> result,
                                         const std::function<void()>& body);
} // namespace detail

/// Calls `body` in a forked child and returns what it returns there, so that each run starts with a
/// clean heap, and leaves nothing behind, neither memory nor a crash, for the next one to suffer.
///
/// The child is a copy of this process: the same program at the same addresses. The parent must
/// have no other threads. Fails when the child throws (it says so on standard error) or is killed.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] Result<T> in_child(const std::function<T()>& body) {
  T result{};
  if (Result<void> done = detail::fill_in_child(std::as_writable_bytes(std::span(&result, 1)),
                                                [&] { result = body(); });
      !done)
    return done.error();
  return result;
}

/// Resident memory of this process, in bytes: now, and at most so far.
[[nodiscard]] std::size_t resident_bytes();
[[nodiscard]] std::size_t resident_bytes_max();

} // namespace stos::bench

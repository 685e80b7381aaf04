#pragma once

#include <charconv>
#include <string>

namespace stos {

/// The shortest text that reads back as exactly `number`.
///
/// Threads: none inside.
template <class T>
[[nodiscard]] std::string exact_text(T number) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

} // namespace stos

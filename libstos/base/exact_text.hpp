#pragma once

#include <charconv>
#include <string>

namespace stos {

/// The shortest text that reads back as exactly `number`, in any locale.
///
/// Threads: none inside.
template <class T>
[[nodiscard]] std::string exact_text(T number) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

/// For people: `number` with at most so many significant digits, as "%.6g" prints it in the C
/// locale.
[[nodiscard]] inline std::string short_text(double number, int digits = 6) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::general,
                                digits < 20 ? digits : 20)
                      .ptr};
}

} // namespace stos

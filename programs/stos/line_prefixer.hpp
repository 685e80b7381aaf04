#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stos::program {

/// Puts a prefix before each line of one stream of bytes.
///
/// Bytes come in pieces of any size and go out in whole lines, so that lines of several streams can
/// be mixed and none is torn. Bytes are passed on as they are, also those that are no text.
///
/// Limits:  a line longer than `line_bytes_max` goes out in parts of that size, on lines of their
///          own whose prefix ends in '+' instead of '|'.
/// Threads: none inside.
class LinePrefixer {
public:
  static constexpr std::size_t line_bytes_max = 64 * 1024;

  /// Lines begin with `name | `. With a `colour` (the parameters of an ANSI escape sequence, "36")
  /// the prefix is coloured.
  LinePrefixer(std::string_view name, std::string_view colour);

  /// Takes the next bytes; returns the lines that they complete.
  [[nodiscard]] std::string feed(std::string_view bytes);

  /// The rest after the last line break, as a line, or nothing.
  [[nodiscard]] std::string finish();

private:
  void put_line(std::string& out, std::string_view line);

  std::string first_prefix_;
  std::string next_prefix_; ///< of a later part of a long line
  std::string partial_;     ///< of a line, shorter than line_bytes_max
  bool is_continued_ = false;
};

/// The names of `count` nodes, "node1" and so on, and the same padded to one width.
[[nodiscard]] std::string node_name(std::size_t index);
[[nodiscard]] std::string padded_node_name(std::size_t index, std::size_t count);

} // namespace stos::program

#pragma once

#include <termios.h>

#include <string>
#include <string_view>
#include <utility>

namespace stos::program {

/// The whole terminal, for as long as the object lives; afterwards it is as it was.
///
/// Keys are read at once and not echoed. SIGINT, SIGTERM and SIGHUP are noticed by wait(), so that
/// the terminal is left in order.
///
/// Threads: one, and one object at a time.
class Screen {
public:
  /// Whether standard input and output are a terminal.
  [[nodiscard]] static bool is_possible();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// Columns and rows, as they are now.
  [[nodiscard]] std::pair<int, int> size() const;

  /// Shows these lines, and nothing else.
  void show(std::string_view lines);

  /// Waits for so long, or until the terminal has another size; false once the user wants to quit.
  [[nodiscard]] bool wait(double seconds);

private:
  termios before_{};
};

} // namespace stos::program

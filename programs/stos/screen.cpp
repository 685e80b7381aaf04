#include "programs/stos/screen.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace stos::program {
namespace {

// Alternate screen without a cursor; and back.
constexpr std::string_view enter = "\033[?1049h\033[?25l";
constexpr std::string_view leave = "\033[?25h\033[?1049l";

volatile std::sig_atomic_t wants_to_quit = 0;

void note_signal(int signal) {
  if (signal != SIGWINCH) // which only ends the waiting
    wants_to_quit = 1;
}

void write_all(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

} // namespace

bool Screen::is_possible() { return isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0; }

Screen::Screen() {
  struct sigaction action {};
  action.sa_handler = note_signal; // without SA_RESTART: poll() is to end
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH})
    sigaction(signal, &action, nullptr);
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_all(enter);
}

Screen::~Screen() {
  write_all(leave);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

std::pair<int, int> Screen::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {80, 24};
  return {size.ws_col, size.ws_row};
}

// Each line wipes what was behind it, so that nothing flickers.
void Screen::show(std::string_view lines) {
  std::string text = "\033[H";
  for (const char c : lines)
    text += c == '\n' ? std::string("\033[K\r\n") : std::string(1, c);
  write_all(text + "\033[J");
}

bool Screen::wait(double seconds) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const int ready = poll(&input, 1, static_cast<int>(std::max(seconds, 0.0) * 1000));
  char key = 0;
  if (ready > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q'))
    return false;
  return wants_to_quit == 0;
}

} // namespace stos::program

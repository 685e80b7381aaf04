#include "actors/transport/refusal_log.hpp"

#include <iostream>
#include <utility>

namespace stos::detail {

bool RefusalLog::note(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!lines_.take(RateLimit::Clock::now())) {
    ++not_told_;
    return false;
  }
  std::string text = "stos: " + line;
  if (const std::uint64_t others = std::exchange(not_told_, 0); others > 0)
    text += " (and " + std::to_string(others) + " others before it)";
  std::clog << text + "\n";
  return true;
}

} // namespace stos::detail

#include "programs/stos/ending.hpp"

#include <cstring>

namespace stos::program {

int exit_code_of(const Ending& ending) {
  constexpr int ended_by_signal = 128;
  return ending.signal != 0 ? ended_by_signal + ending.signal : ending.exit_code;
}

std::string describe(const Ending& ending) {
  if (ending.signal != 0)
    return "was ended by signal " + std::to_string(ending.signal) + " (" +
           strsignal(ending.signal) + ")";
  return "ended with exit code " + std::to_string(ending.exit_code);
}

} // namespace stos::program

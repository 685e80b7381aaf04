#pragma once

#include <cstdlib>

namespace stos::fuzz {

/// What must hold, whatever the input: else the fuzzer has found something.
inline void require(bool condition) {
  if (!condition)
    std::abort();
}

} // namespace stos::fuzz

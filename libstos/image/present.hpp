#pragma once

#include "libstos/image/cut.hpp"

namespace stos::detail {

/// A world that stands still, in memory: any number of runs may go on from it, at the same time,
/// too.
struct Present {
  Cut cut;
  CutRecord record; ///< of it
};

} // namespace stos::detail

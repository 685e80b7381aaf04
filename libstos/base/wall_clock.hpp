#pragma once

namespace stos::detail {

/// Seconds of a clock that does not go back. Null if no run is watched: then nothing is measured.
using WallClock = double (*)();

} // namespace stos::detail

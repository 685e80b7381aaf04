#pragma once

namespace stos::detail {

/// Seconds of a clock that does not go back. Null where nobody watches: then nothing is measured.
using WallClock = double (*)();

} // namespace stos::detail

#pragma once

#include "libstos/world/world.hpp"

namespace stos::detail {

/// Whether the options want no run, but a look at cuts that are stored.
[[nodiscard]] bool wants_to_look_in(const RunOptions& options);

/// Does so (snapshot.show, snapshot.diverge), with the classes of `world`, whose set-up is dropped,
/// and writes what it finds to standard output. Then the process ends: with 0, and where cuts
/// differ with 1. Throws UsageError as Restart does.
[[noreturn]] void look_in(World& world);

} // namespace stos::detail

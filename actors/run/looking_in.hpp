#pragma once

#include "actors/run/rerun.hpp"
#include "libstos/world/world.hpp"

#include <cstdint>

namespace stos::detail {

/// Whether the options want no run, but a look at cuts that are stored.
[[nodiscard]] bool wants_to_look_in(const RunOptions& options);

/// Does so (snapshot.show, snapshot.diverge), with the classes of `world`, whose set-up is dropped,
/// and writes what it finds to standard output. Where cuts differ, `run` runs the world again from
/// the last cut that is equal, several times, serially and on `workers`. Then the process ends:
/// with 0, and where cuts differ with 1. Throws UsageError as Restart does.
[[noreturn]] void look_in(World& world, const Rerun::Run& run, std::uint32_t workers);

} // namespace stos::detail

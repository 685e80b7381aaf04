#pragma once

#include "libstos/base/result.hpp"
#include "libstos/image/cut.hpp"

namespace stos::detail {

/// Puts the world of `cut` in the place of the world's set-up: when the world is run, on whatever
/// engine, it goes on from there to the outcome that it would have had without the cut.
///
/// @pre nobody was created in `world`, and it has not begun to run
/// Errors: what no take_cut() makes, or one of a program with other classes or lambdas; says which
///         agent cannot be read. The world is of no use then.
/// Cost:   O(agents, channels and lambdas), with a look-up each.
[[nodiscard]] Result<void> restore(World& world, const Cut& cut);

} // namespace stos::detail

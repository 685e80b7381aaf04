#pragma once

#include "libstos/base/result.hpp"
#include "libstos/image/cut.hpp"

namespace stos::detail {

/// Puts the world of `cut` in the place of the world's set-up: when the world is run, on whatever
/// engine, it goes on from there to the outcome that it would have had without the cut.
///
/// @pre no agent was created in `world`, and it has not begun to run
/// Errors: what no take_cut() makes, or one of a program with other classes or lambdas; says which
///         agent cannot be read. The world is of no use then.
/// Cost:   O(agents, channels and lambdas), with a look-up each.
[[nodiscard]] Result<void> restore(World& world, const Cut& cut);

/// Lets an agent of the world that restore() has made absorb `lambda` as soon as it goes on: at the
/// time of the cut, or when the agent begins. Lambdas from outside come in the order of the calls.
/// Fails, and frees the lambda, if there is no such agent, or it is of another class; nothing
/// happens if it has reached its boundary by then.
[[nodiscard]] Result<void> inject(World& world, AgentId agent, Closure& lambda);

} // namespace stos::detail

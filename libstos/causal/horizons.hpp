#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/causal/event_key.hpp"

#include <span>

namespace stos {

/// What is known about the agents that may still send something.
///
/// A horizon is a source's promise: no further event, so nothing emitted and no turn, before this
/// point of its own trajectory.
/// Sources are bounded in groups (all agents that one worker, or one node, takes care of), so that
/// one number serves thousands of channels; the distance to each source makes of it a bound for
/// each receiver.
struct Horizons {
  /// For each group: none of its agents executes another event before this laboratory time, so that
  /// all it still emits lies in the future of where it is then. Never goes back.
  std::span<const double> groups;
  [[nodiscard]] double of(Group group) const { return groups[group.number()]; }

  /// A lower bound on the instant of every event that is still to be executed by any agent but the
  /// agent in question. What is due at this very instant cannot be preceded by anything.
  Instant floor = Instant::beginning();
};

} // namespace stos

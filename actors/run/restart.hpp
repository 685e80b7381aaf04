#pragma once

#include "actors/agents/citizens.hpp"
#include "libstos/cluster/membership/world_fingerprint.hpp"
#include "libstos/image/cut.hpp"

#include <cstdint>

namespace stos::detail {

/// How a run begins: what is to be known of it where it is cut.
struct RunBeginning {
  CutOrigin origin;
  std::uint64_t lineage = 0;
  double time = Instant::beginning().absorption; ///< of the cut that it goes on from
};

/// Whether the run is to stand still somewhere, see World::stands_at.
[[nodiscard]] bool stands_still(const World& world);

/// That `cut` is of the run that `world` has been set up for, of this build: it can go on from
/// there. Fails with bad_config and what differs. @pre the world has its set-up
[[nodiscard]] Result<void> check_same_run(const Cut& cut, const World& world);

/// Lets the world go on from a cut, if its options say so, on the only node that there is: the cut
/// takes the place of the set-up. Handles and names of agents that were taken in the set-up stay,
/// those of agents that have ended since then are of ended ones.
///
/// Throws UsageError: bad_config if the cut is of another world than that of the set-up, or cannot
/// be read; what the store fails with.
[[nodiscard]] RunBeginning begin(World& world, AgentNames& names);

/// The same on one of several nodes, which all have to begin alike: adds to what they compare. Its
/// run may be cut whatever the options want.
[[nodiscard]] RunBeginning begin(World& world, AgentNames& names, WorldFingerprint& set_up);

} // namespace stos::detail

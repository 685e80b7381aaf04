#pragma once

#include "libstos/code/value_tree.hpp"
#include "libstos/image/agent_view.hpp"
#include "libstos/image/cut.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace stos::detail {

/// Where two cuts of one time differ first.
struct CutDifference {
  /// The first agent, in the order of ids, that lives in one of them only, or whose images differ.
  struct Agent {
    AgentId id;
    bool is_in_a = false;
    bool is_in_b = false;
  };
  std::optional<Agent> agent;
  std::size_t agents = 0; ///< of which that is true: the first one and all others

  /// What differs of the world as a whole, one text each: the time, counters, who has ended, the
  /// first report.
  std::vector<std::string> of_world;

  [[nodiscard]] bool empty() const { return !agent && of_world.empty(); }
};

/// Empty if, and but for a chance of hashes only if, their state digests are equal.
///
/// Cost: O(bytes of the cuts), and no world is needed.
[[nodiscard]] CutDifference compare(const Cut& a, const Cut& b, const SideNames& names = {});

/// The same in words, for people: one text for each field of the agent that differs, as in
/// `agent 12 (Rabbit): members.energy is 3.5 in A, 3.25 in B`, then those of the world.
///
/// @pre `world_a` and `world_b` were made of the two cuts by restore(), and have not gone on yet
[[nodiscard]] std::vector<std::string> describe(const CutDifference& difference, World& world_a,
                                                World& world_b, double time,
                                                const SideNames& names = {},
                                                const AgentViewer::NameOf& name_of = {});

} // namespace stos::detail

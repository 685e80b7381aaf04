#pragma once

#include "libstos/world/cell.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::detail {

/// Divides `agents` into `domains` groups of about equal size that are compact in space, as they
/// are at laboratory time `time`: recursive bisection along the longest side, in a wide gap.
/// Returns the domain of each of them.
///
/// Agents that are much nearer to each other than to all others, and have a channel between them
/// (`channels`, all or a part of them), stay together, and so do those in one place: with them in
/// two domains, neither could do anything without the other.
///
/// Cost: O(n log n), and O(channels) where some of them are that short.
[[nodiscard]] std::vector<DomainIndex> partition(std::span<Cell* const> agents,
                                                 std::span<Channel* const> channels,
                                                 std::size_t domains, double time);

/// Domains have something to do while light is on its way between them where all channels from one
/// to another lead between agents that rest in different places, or whose source takes its time to
/// react. Returns one that does not; null if there is none among the some tens of thousands that
/// were looked at.
[[nodiscard]] const Channel* channel_without_way(std::span<Channel* const> channels,
                                                 const Space& space);

/// Whether so many channels lead from one domain to another that domains would hand over a good
/// part of what they do: a network that leads from anywhere to anywhere.
[[nodiscard]] bool is_entangled(std::span<Channel* const> channels);

} // namespace stos::detail

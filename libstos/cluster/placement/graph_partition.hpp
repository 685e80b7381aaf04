#pragma once

#include "libstos/cluster/placement/channel_graph.hpp"

namespace stos {

/// The part that each agent gets when the graph is cut into one part for each node with a capacity,
/// so that little weight is cut and no load exceeds the fair one by more than about 3 % (or one
/// agent, where agents are heavy).
///
/// Multilevel recursive bisection by Scotch, with a random generator of this call's own and a
/// constant seed, in the calling thread. What Scotch leaves uneven, `rebalance` makes even.
/// Scotch counts in 32 bits: where loads or weights sum up to more than it can count, it sees them
/// rounded. Each agent counts a little, so that idle ones are spread, too.
/// Throws std::bad_alloc where Scotch finds no memory, after it has said so on stderr.
/// @pre the graph has an edge and as many agents as the input, which is sound
///      (`check_placement_input`)
/// Source: F. Pellegrini and J. Roman, "Scotch: a software package for static mapping by dual
/// recursive bipartitioning of process and architecture graphs", HPCN Europe 1996.
[[nodiscard]] Placement partition_graph(const ChannelGraph& graph, const PlacementInput& input);

} // namespace stos

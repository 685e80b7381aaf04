#pragma once

#include "libstos/base/random.hpp"
#include "libstos/model/edge.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace stos {

// Graphs of `n` places, as lists of edges in order: no edge comes twice, and none leads from a
// place to itself. They are a function of their arguments and of the stream. UsageError
// (bad_argument) where there is no such graph, with the numbers.

/// A random graph: `edges` of all possible ones, each choice being equally likely.
/// Source: P. Erdős and A. Rényi, "On random graphs I" (1959).
[[nodiscard]] std::vector<Edge> random_graph(std::uint32_t n, std::uint64_t edges,
                                             RandomStream& random);

/// A small world: a ring on which each has its `degree` nearest neighbours (an even number below
/// n), and where one end of each edge has been led to a random place with probability `rewired`.
/// Source: D. Watts and S. Strogatz, "Collective dynamics of small-world networks" (1998).
[[nodiscard]] std::vector<Edge> small_world(std::uint32_t n, std::uint32_t degree, double rewired,
                                            RandomStream& random);

/// A scale-free graph: places come one by one, and each is connected to `edges_each` earlier ones,
/// in proportion to how many edges these have. It begins with edges_each + 1 places, all of them
/// connected with each other.
/// Source: A.-L. Barabási and R. Albert, "Emergence of scaling in random networks" (1999).
[[nodiscard]] std::vector<Edge> scale_free_graph(std::uint32_t n, std::uint32_t edges_each,
                                                 RandomStream& random);

/// The edges that a text has: two numbers from 0 in each line, with spaces between them; what
/// follows on the line is ignored, and so are empty lines and those that begin with # or %. An edge
/// that comes again, also from the other end, counts once, and loops are left out. The error names
/// the line.
[[nodiscard]] std::vector<Edge> edges_of(std::string_view text);

} // namespace stos

#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/base/result.hpp"
#include "libstos/spacetime/space.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

/// Which node of a cluster gets which of the initial agents.
///
/// Every node places all agents on its own and keeps those that are its own, so a placement must be
/// a function of its input alone: all nodes have to come to the same result, to the last agent. The
/// strategies here ask no clock, no global random generator and no order of a hash table.
/// A placement decides how fast a simulation runs, never what it computes.
///
/// Threads: pure functions; any thread, several at a time.
namespace stos {

/// The world that is to be placed. Borrows its arrays.
struct PlacementInput {
  /// A channel, or what is known of its traffic.
  struct Link {
    std::uint32_t from = 0, to = 0; ///< agents, by their index in `positions`
    std::uint32_t weight = 1;       ///< lambdas, in any unit; 0 means that nothing goes there
  };

  std::span<const Point> positions;     ///< of the agents, in the order of their creation
  std::span<const Link> channels;       ///< in any order; several between two agents add up
  std::span<const std::uint32_t> loads; ///< work per agent, in any unit; empty: 1 for each
  Space space;                          ///< that the positions lie in
  std::size_t nodes = 1;                ///< of the cluster
  PerNode<double> capacity;             ///< of each node, in any unit; empty: all alike.
                                        ///< A node of capacity 0 gets no agents.
};

/// The node of each agent, in the order of their creation.
using Placement = std::vector<NodeIndex>;

/// A strategy. Yours goes through `place`, which checks what it returns.
using PlacementFunction = std::function<Placement(const PlacementInput&)>;

inline constexpr std::size_t placement_nodes_max = 65'536;
inline constexpr std::size_t placement_agents_max = std::size_t{1} << 30;
inline constexpr std::size_t placement_channels_max = std::size_t{1} << 29;

/// The names that `placement_by_name` knows: "round_robin", "block", "hilbert", "graph".
[[nodiscard]] std::span<const std::string_view> placement_names();

/// The strategy called `name`; Errc::bad_argument for any other, with the list of names.
///
/// round_robin  agent i goes to node i mod `nodes`. Loads, places and channels play no role.
/// block        runs of agents in the order of their creation.
/// hilbert      runs of agents along a Hilbert curve through the box of all positions
///              (hilbert_curve.hpp): near agents share a node, whatever order they were made in.
/// graph        parts of the channel graph between which few lambdas go (graph_partition.hpp).
///              Without any channel between two agents it is `hilbert`.
///
/// The last two keep agents on one node whom a channel connects that gives light no way, or a very
/// short one (companions.hpp): those of one place, for example, however many they are.
///
/// All but round_robin balance loads: as evenly as single agents, or such groups, allow for runs,
/// within 3 % for parts of a graph. All respect capacities; round_robin counts agents. As long as
/// there are no fewer agents, or groups, than nodes with a capacity, each of these gets one.
/// @pre `check_placement_input` finds nothing wrong; `place` sees to that
[[nodiscard]] Result<PlacementFunction> placement_by_name(std::string_view name);

/// Errc::bad_argument unless the numbers of nodes, agents and channels are within the limits above,
/// arrays agree in size, positions and capacities are finite and some node has a capacity.
[[nodiscard]] Result<void> check_placement_input(const PlacementInput& input);

/// Errc::bad_argument unless `placement` has one node for each agent, and all nodes exist.
[[nodiscard]] Result<void> check_placement(std::span<const NodeIndex> placement,
                                           const PlacementInput& input);

/// Checks `input`, calls `function` and checks what it returned. What a user's function throws
/// passes through.
[[nodiscard]] Result<Placement> place(const PlacementFunction& function,
                                      const PlacementInput& input);

/// How good a placement is: what goes from node to node, and how even the loads are.
struct TrafficCut {
  std::size_t channels = 0;          ///< all of them, also from an agent to itself
  std::size_t crossing = 0;          ///< those between two nodes
  std::uint64_t weight = 0;          ///< of all channels
  std::uint64_t crossing_weight = 0; ///< of those between two nodes
  std::uint64_t smallest_part = 0;   ///< least load of a node; agents, if the input has no loads
  std::uint64_t largest_part = 0;    ///< greatest load of a node

  /// Share of the traffic that goes between nodes, from 0 to 1; 0 without traffic.
  [[nodiscard]] double crossing_share() const {
    return weight == 0 ? 0 : static_cast<double>(crossing_weight) / static_cast<double>(weight);
  }
};

/// @pre `check_placement_input(input)` and `check_placement(placement, input)` find nothing wrong
[[nodiscard]] TrafficCut measure_cut(const PlacementInput& input,
                                     std::span<const NodeIndex> placement);

} // namespace stos

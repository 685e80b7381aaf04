#pragma once

#include "ephemeris.hpp"

#include <vector>

/// Curved orbits as the straight pieces that agents fly.
///
/// An agent keeps one velocity between two nodes. The chord between two nodes, walked at constant
/// speed, stays within the mobile's tolerance of the true place at the same time, so light times
/// are off by at most the tolerances of both ends.
///
/// Order:  next_node() needs only the node before it, so an agent carries one node as its state and
///         asks for the next when it gets there; nothing is stored for the year ahead.
/// Exact:  the sequence follows from the system, the mobile and the first time alone.
/// Units:  seconds since the epoch, light-seconds; chord velocity as a fraction of c.
namespace interplanetary {

inline constexpr double longest_piece_s = 30.0 * seconds_per_day; ///< also for what flies straight

/// A corner of a piecewise straight worldline.
struct WorldlineNode {
  double t_s{};
  Vector3 at_ls;
  double try_step_s{}; ///< the length that the sampler tries first for the piece after this node
};

WorldlineNode first_node(const SolarSystem& system, MobileId id, double t_s);

/// The node after `node`, or the end of its piece at `until_s` if that comes first.
/// @pre node.t_s < until_s.
WorldlineNode next_node(const SolarSystem& system, MobileId id, const WorldlineNode& node,
                        double until_s);

/// The velocity that leads from `a` to `b`.
Vector3 chord_velocity(const WorldlineNode& a, const WorldlineNode& b);

/// All nodes from `from_s` to `until_s`, both included.
std::vector<WorldlineNode> sample_worldline(const SolarSystem& system, MobileId id, double from_s,
                                            double until_s);

} // namespace interplanetary

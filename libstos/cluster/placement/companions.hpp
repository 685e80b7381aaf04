#pragma once

#include "libstos/cluster/placement/placement.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stos {
namespace detail {
class Clusters;
}

/// Agents of a world that should share a node, since a short channel connects them: else two nodes
/// would have to take turns, with a message for each event. Who they are:
///
/// - those in one place, whatever that makes of the balance: there is nothing that could be done
///   at a time;
/// - those who are a good deal nearer to each other than agents are on average, as long as there
///   are few agents for each node, or such groups are small next to what a node gets.
///
/// To a placement, such a group is one agent, where its first one is, with the load of all.
///
/// Threads: none inside.
class Companions {
public:
  explicit Companions(const PlacementInput& input);

  [[nodiscard]] bool any() const { return positions_.size() < group_of_.size(); }

  /// The world of groups. Borrows from here, until this goes.
  [[nodiscard]] PlacementInput as_agents() const;

  /// The placement of agents that has each of them where its group is.
  [[nodiscard]] Placement spread(const Placement& of_groups) const;

private:
  void number_groups(detail::Clusters& clusters);
  void put_together();
  void add_loads();

  const PlacementInput& input_;
  std::vector<std::uint32_t> group_of_; // of each agent; empty if each one stands for itself
  std::vector<Point> positions_;        // of groups, and so on
  std::vector<std::uint32_t> loads_;
  std::vector<PlacementInput::Link> channels_;
};

} // namespace stos

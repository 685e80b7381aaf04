#pragma once

#include "libstos/agent/channel_writer.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stos {

/// Two neighbours, by their places in a list; grids and graphs are lists of edges. `a` is less than
/// `b`, and no edge comes twice.
struct Edge {
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  friend auto operator<=>(const Edge&, const Edge&) = default;
};

/// During set-up: opens channels both ways along each edge. `agents[i]` is a pointer to the agent
/// in place i, and `channels` the member to which new ChannelWriters are appended,
/// `&Person::contacts`, or a function that finds it for an agent. The order is that of the edges.
template <class Agents, class Channels>
void connect(const Agents& agents, const std::vector<Edge>& edges, const Channels& channels) {
  for (const Edge& edge : edges) {
    if (edge.a >= agents.size() || edge.b >= agents.size())
      throw UsageError(Errc::bad_argument, "an edge from " + std::to_string(edge.a) + " to " +
                                               std::to_string(edge.b) + " of a list of " +
                                               std::to_string(agents.size()) + " agents");
    auto& a = *agents[edge.a];
    auto& b = *agents[edge.b];
    std::invoke(channels, a).emplace_back(a, b);
    std::invoke(channels, b).emplace_back(b, a);
  }
}

/// The same into `steps.neighbours`, for agents that are SynchronousAgents.
template <class Agents>
void connect(const Agents& agents, const std::vector<Edge>& edges) {
  const auto neighbours = [](auto& agent) -> decltype((agent.steps.neighbours)) {
    return agent.steps.neighbours;
  };
  connect(agents, edges, neighbours);
}

} // namespace stos

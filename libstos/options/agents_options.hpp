#pragma once

#include <cstdint>
#include <string>

namespace stos {

/// How this process hosts replicated agents; see docs/replicated_agents.md. All nodes of a cluster
/// need the same, but for `folder` and `zone`.
///
/// Plain values. Units: the suffix of each name; `_s` is seconds on the clock.
struct AgentsOptions {
  /// On so many nodes is the state of each agent. 1 to 16.
  std::uint32_t replicas = 3;

  /// So many groups of agents there are at most. 1 to 10,000.
  std::uint32_t groups_max = 100;

  /// A group with more agents than this is split. 1 to 1,000,000,000.
  std::uint32_t per_group_max = 100;

  /// Time between two ticks of agents. 0.1 to 86,400.
  double tick_s = 60;

  /// The rate limit: for each agent, this node gets a token each `token_every_s`, has `tokens_max`
  /// of them at most, and spends one for a query and three for a command. 0 to 3,600, 0: there is
  /// no limit; 3 to 1,000,000.
  double token_every_s = 0;
  std::uint32_t tokens_max = 30;

  /// Where this node stands: replicas are put into different zones. Empty: none.
  std::string zone;

  /// The folder in which each node makes one of its own name, where it keeps its replicas: they
  /// survive the end of all processes. Empty: in memory.
  std::string folder;

  /// A node that is away for so long is not waited for: its replicas are made elsewhere. 1 to
  /// 31,536,000.
  double absence_s = 600;

  /// For debugging: each command is done twice, to find callbacks that are not pure.
  bool check_twice = false;

  friend bool operator==(const AgentsOptions&, const AgentsOptions&) = default;
};

} // namespace stos

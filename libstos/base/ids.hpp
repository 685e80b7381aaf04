#pragma once

#include "libstos/base/hash.hpp"
#include "libstos/base/index.hpp"

#include <compare>
#include <cstdint>

namespace stos {

/// Names an agent. A function of the program alone: initial agents count from 1 in the order of
/// their creation, a child's id is a hash of its parent's id and the parent's birth count. The
/// top bit tells the two kinds apart. 0 is whatever is outside of the simulation.
struct AgentId {
  std::uint64_t value = 0;

  friend auto operator<=>(AgentId, AgentId) = default;

  static constexpr AgentId outside() { return {0}; }
  static constexpr AgentId initial(std::uint64_t creation_index) { return {creation_index + 1}; }
  static constexpr AgentId child(AgentId parent, std::uint64_t birth_index) {
    return {mix64(parent.value + mix64(birth_index + 1)) | child_bit};
  }
  [[nodiscard]] constexpr bool is_child() const { return (value & child_bit) != 0; }

private:
  static constexpr std::uint64_t child_bit = std::uint64_t{1} << 63;
};

/// Names a channel among those that leave one agent, in the order in which they were opened.
/// 0 is the agent's own timers.
struct ChannelNumber {
  std::uint32_t value = 0;

  friend auto operator<=>(ChannelNumber, ChannelNumber) = default;

  static constexpr ChannelNumber timers() { return {0}; }
};

/// One of the nodes that execute a simulation together. The same on all of them.
struct NodeIndex : Index<NodeIndex, std::uint32_t> {
  using Index::Index;
};

/// One of the domains of one node: a part of its agents, executed by one thread at a time.
struct DomainIndex : Index<DomainIndex> {
  using Index::Index;
};

/// What one node takes together of all agents: those of one of its domains, or all that are on one
/// other node, which are behind one *link*. Domains come first, by their numbers, links follow;
/// which node is behind a link, NodePlace knows.
struct Group : Index<Group> {
  using Index::Index;
  constexpr Group(DomainIndex domain) : Index(domain.number()) {}

  /// @pre it is no link
  [[nodiscard]] constexpr DomainIndex domain() const { return DomainIndex(number()); }
};

template <class T>
using PerNode = VectorBy<NodeIndex, T>;
template <class T>
using PerDomain = VectorBy<DomainIndex, T>;
template <class T>
using PerGroup = VectorBy<Group, T>;

static_assert(sizeof(DomainIndex) == 2 && sizeof(Group) == 2 && sizeof(NodeIndex) == 4);

} // namespace stos

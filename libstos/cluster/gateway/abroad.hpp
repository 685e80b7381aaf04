#pragma once

#include "libstos/cluster/gateway/agents_elsewhere.hpp"
#include "libstos/cluster/stop/moves.hpp"
#include "libstos/cluster/wire/name_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace stos::detail {

/// A place in the cluster, as one of its nodes sees it: what alone knows which node is behind a
/// link.
struct NodePlace {
  NodeIndex own_node;
  std::size_t nodes = 1;
  std::size_t domains = 1; ///< of this node

  [[nodiscard]] Indices<NodeIndex> all_nodes() const { return Indices<NodeIndex>(nodes); }
  [[nodiscard]] std::size_t links() const { return nodes - 1; }
  [[nodiscard]] bool is_here(Group group) const { return group.number() < domains; }
  [[nodiscard]] bool is_here(const Cell& cell) const { return is_here(cell.group); }

  /// The node that another node names by its number; none if there is no such node.
  [[nodiscard]] std::optional<NodeIndex> find_node(std::uint64_t number) const {
    return number < nodes ? std::optional(NodeIndex(number)) : std::nullopt;
  }

  /// The group of the agents on another node. @pre node != own_node
  [[nodiscard]] Group group_of(NodeIndex node) const {
    return Group(domains + node.number() - (node < own_node ? 0 : 1));
  }
  [[nodiscard]] NodeIndex node_of(Group group) const {
    if (is_here(group))
      return own_node;
    const std::size_t link = group.number() - domains;
    return NodeIndex(link < own_node.number() ? link : link + 1);
  }
};

/// Holds of references in transit (see Channel) between nodes. Three nodes may be concerned: the
/// one where a lambda with the reference is emitted, which opens the hold and gives it its name;
/// the one where that lambda is absorbed, which closes it; and the one of the agent that it holds.
///
/// Owns: what is in `closed_from_here`.
struct HoldsBetweenNodes {
  using ByName = std::unordered_map<std::uint64_t, Channel*>;

  ByName of_agents_here;                          ///< closed by name, from elsewhere
  ByName closed_from_here;                        ///< of agents elsewhere
  std::unordered_set<std::uint64_t> closed_early; ///< before they were opened

  /// Names of the set-up, the same on all nodes.
  [[nodiscard]] static std::uint64_t initial_name(std::uint64_t ordinal) { return ordinal + 1; }
  [[nodiscard]] std::uint64_t new_name(NodeIndex own_node) {
    constexpr unsigned counter_bits = 44;
    return (std::uint64_t{own_node.number()} + 1) << counter_bits | ++named_;
  }

private:
  std::uint64_t named_ = 0;
};

using ChannelsByName = NameTable<ChannelName, Channel*>;

/// Bytes of many things that stay where they are while more come.
class ByteStore {
public:
  /// Keeps a copy.
  std::span<const std::byte> add(std::span<const std::byte> bytes);

private:
  std::vector<std::vector<std::byte>> blocks_; // none ever grows beyond its capacity
};

/// What the nodes tell each other at a stop, before agents arrive.
struct MovesUnderWay {
  struct Verdict {
    NodeIndex node = {}; ///< where the agent was; of no meaning while it is not known anywhere
    MoveResult result = MoveResult::no_such_agent;
    std::string text;
  };

  std::vector<Wish> wishes;      ///< in their order; empty: there is no such stop
  std::vector<Verdict> verdicts; ///< on each

  struct Image {
    NodeIndex from;
    std::span<const std::byte> bytes;
  };
  std::vector<Image> images; ///< of those who come here
  ByteStore bytes;           ///< theirs
};

/// What the links of one node share, of one world.
///
/// Threads: none inside; the gateway owns it.
struct Abroad {
  Abroad(World& of_world, const NodePlace& of_node)
      : world(of_world), place(of_node), pool(of_world.depot()), elsewhere(pool) {}
  ~Abroad();
  Abroad(const Abroad&) = delete;
  Abroad& operator=(const Abroad&) = delete;

  World& world;
  const NodePlace place;
  BlockPool pool;
  AgentsElsewhere elsewhere;
  HoldsBetweenNodes holds;
  MovesUnderWay moves;

  /// From agents elsewhere to agents here, after one of them has moved: until the other node tells
  /// which number the channel has between the two from now on.
  ChannelsByName unnumbered;

  /// The name of `hold`, a new one if it has none.
  [[nodiscard]] std::uint64_t name_of(Channel& hold);

  /// The channel leads to an agent elsewhere, and does not any more.
  void let_go_of(Channel& channel);
};

} // namespace stos::detail

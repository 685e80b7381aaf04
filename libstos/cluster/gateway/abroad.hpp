#pragma once

#include "libstos/cluster/gateway/agents_elsewhere.hpp"
#include "libstos/cluster/stop/moves.hpp"
#include "libstos/cluster/wire/name_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace stos::detail {

/// A place in the cluster, as one of its nodes sees it.
struct NodePlace {
  std::size_t own_node = 0; ///< 0 to nodes - 1, the same on all nodes
  std::size_t nodes = 1;
  std::size_t domains = 1; ///< of this node

  [[nodiscard]] std::size_t links() const { return nodes - 1; }
  [[nodiscard]] bool is_here(const Cell& cell) const { return cell.domain < domains; }

  /// The group (see Horizons) that stands for another node. @pre node != own_node
  [[nodiscard]] std::uint16_t group_of(std::size_t node) const {
    return static_cast<std::uint16_t>(domains + (node < own_node ? node : node - 1));
  }
  [[nodiscard]] std::size_t node_of(std::size_t group) const {
    if (group < domains)
      return own_node;
    const std::size_t link = group - domains;
    return link < own_node ? link : link + 1;
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
  [[nodiscard]] std::uint64_t new_name(std::size_t own_node) {
    constexpr unsigned counter_bits = 44;
    return (std::uint64_t{own_node} + 1) << counter_bits | ++named_;
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
    std::size_t node = 0; ///< where the agent was; of no meaning while it is not known anywhere
    MoveResult result = MoveResult::no_such_agent;
    std::string text;
  };

  std::vector<Wish> wishes;      ///< in their order; empty: there is no such stop
  std::vector<Verdict> verdicts; ///< on each

  struct Image {
    std::size_t from; ///< the node
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

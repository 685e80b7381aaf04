#pragma once

#include "libstos/service/keyed/agent_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stos::keyed {

/// The `count` nodes that are to have a group, by rendezvous hashing: each node draws a lot for
/// each group, and the highest ones win, so that a node that comes or goes moves only what it has.
/// While there are zones without a replica, no zone gets a second one. The first one is to lead.
///
/// Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
[[nodiscard]] std::vector<raft::NodeId>
place(raft::GroupId group, const std::map<raft::NodeId, std::string>& zones, std::size_t count);

/// What is known of one group beside its own log.
struct TableGroup {
  enum class Kind : std::uint8_t { agents, quotas };

  Kind kind = Kind::agents;
  std::optional<Range> range;         ///< of agents; nothing before the first transfer is over
  std::vector<raft::NodeId> founders; ///< who begins it; then it is founded
  bool is_founded = false;            ///< its first leader was heard of
  std::vector<raft::NodeId> replicas; ///< who is to have it, the one that is to lead first
  std::vector<raft::NodeId> placed;   ///< who has it, as its leader has said last

  friend bool operator==(const TableGroup&, const TableGroup&) = default;
};

/// Which groups there are, what they are responsible for, and on which nodes they are to be: a
/// state machine in a log of which all nodes have a copy.
///
/// It says what is *wanted*, and callers find their way by it. It decides nothing that must be
/// right at any moment: who owns a range is a matter of the groups' own logs (AgentGroup), and who
/// is a member of a group of that group's. So a node may have an old table, and only takes a longer
/// way.
///
/// A split makes a new group and a transfer of the upper part of the range to it; a merge is a
/// transfer of the whole range to a neighbour, after which the group is gone. A transfer is in the
/// table until the leader of the giving group has said that it is over. There is no way back from
/// it, and no group takes part in two.
///
/// Order:   a later item may be based on an old table: what does not fit any more changes nothing.
/// Threads: none inside.
class GroupTable final : public StateMachine {
public:
  static constexpr raft::GroupId table_group{1};
  static constexpr raft::GroupId quota_group{2};

  // ---- items, as bytes
  // ------------------------------------------------------------------------------

  /// A node is there, in a zone; or it is no more (and comes back as another one).
  [[nodiscard]] static std::vector<std::byte> node_item(raft::NodeId node, const std::string& zone);
  [[nodiscard]] static std::vector<std::byte> remove_node_item(raft::NodeId node);
  /// The first groups: that of the quotas, and one that gets the range of all agents.
  [[nodiscard]] static std::vector<std::byte> begin_item(std::size_t replicas);
  [[nodiscard]] static std::vector<std::byte> split_item(raft::GroupId group, std::uint64_t at,
                                                         std::size_t replicas);
  [[nodiscard]] static std::vector<std::byte> merge_item(raft::GroupId from, raft::GroupId to);
  [[nodiscard]] static std::vector<std::byte> transfer_done_item(std::uint64_t transfer);
  [[nodiscard]] static std::vector<std::byte> founded_item(raft::GroupId group);
  [[nodiscard]] static std::vector<std::byte> replicas_item(raft::GroupId group,
                                                            const std::vector<raft::NodeId>& nodes);
  [[nodiscard]] static std::vector<std::byte> placed_item(raft::GroupId group,
                                                          const std::vector<raft::NodeId>& nodes);

  // ---- a state machine
  // ------------------------------------------------------------------------------

  /// Done, or try_later if it does not fit.
  [[nodiscard]] Answer apply(std::span<const std::byte> item, Place place, Time now,
                             std::vector<Effect>* effects) override;
  /// Any query is answered with snapshot().
  [[nodiscard]] Answer query(std::span<const std::byte> query,
                             std::vector<Effect>* effects) override;
  [[nodiscard]] std::vector<std::byte> snapshot() const override;
  [[nodiscard]] Result<void> restore(std::span<const std::byte> bytes) override;

  // ---- looks
  // ----------------------------------------------------------------------------------------

  [[nodiscard]] const std::map<raft::NodeId, std::string>& nodes() const { return nodes_; }
  [[nodiscard]] const std::map<raft::GroupId, TableGroup>& groups() const { return groups_; }
  [[nodiscard]] const std::vector<Transfer>& transfers() const { return transfers_; }
  [[nodiscard]] const TableGroup* find(raft::GroupId group) const;
  /// It was there, and will never be again.
  [[nodiscard]] bool is_gone(raft::GroupId group) const {
    return group.value <= last_group_ && !groups_.contains(group);
  }
  /// The transfer that the group takes part in; null if there is none.
  [[nodiscard]] const Transfer* transfer_of(raft::GroupId group) const;
  /// Who has the agents with this hash; nothing if no group is there yet.
  [[nodiscard]] std::optional<raft::GroupId> group_of(std::uint64_t hash) const;
  /// The group whose range follows; nothing for the last one.
  [[nodiscard]] std::optional<raft::GroupId> next_to(raft::GroupId group) const;

private:
  [[nodiscard]] bool begin_groups(std::size_t replicas);
  [[nodiscard]] bool split(raft::GroupId group, std::uint64_t at, std::size_t replicas);
  [[nodiscard]] bool merge(raft::GroupId from, raft::GroupId to);
  [[nodiscard]] bool end_transfer(std::uint64_t id);
  void index_ranges();
  raft::GroupId add_group(TableGroup::Kind kind, std::size_t replicas);

  std::map<raft::NodeId, std::string> nodes_; // and their zones
  std::map<raft::GroupId, TableGroup> groups_;
  std::vector<Transfer> transfers_; // in the order of their ids
  std::uint64_t last_group_ = quota_group.value - 1;
  std::uint64_t last_transfer_ = 0;

  std::map<std::uint64_t, raft::GroupId> by_last_; // of the ranges; follows from groups_
};

} // namespace stos::keyed

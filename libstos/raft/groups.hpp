#pragma once

#include "libstos/base/result.hpp"
#include "libstos/raft/fsm.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace stos::raft {

/// All that one node has to tell another one at a moment.
struct Frame {
  struct Item {
    GroupId group;
    Message message;
  };

  NodeId from;
  NodeId to;
  std::uint64_t life = 0; ///< of the sender: see GroupsOptions
  std::vector<Item> items;
};

void write(const Frame& frame, BytesWriter& out);

/// Reads any bytes. Fails with bad_message if they are no frame, or are of a message that is not
/// between these two nodes.
[[nodiscard]] Result<Frame> read_frame(std::span<const std::byte> bytes);

/// The same of what `sender` has sent: fails also if it is another node's.
[[nodiscard]] Result<Frame> read_frame_of(NodeId sender, std::span<const std::byte> bytes);

/// Units: ticks.
struct GroupsOptions {
  NodeId self;
  /// A number that is another one each time the node starts.
  std::uint64_t life = 1;
  std::uint32_t heartbeat_ticks = 2;
  std::uint32_t lost_ticks = 10; ///< a node that is not heard of for so long is taken as lost
  std::uint32_t idle_ticks = 10; ///< a group in which nothing happens for so long is sent to sleep
};

/// What is to be done for all groups of a node, in the order persist, send, apply; see Output.
struct GroupsOutput {
  std::vector<std::pair<GroupId, Persist>> to_persist;
  std::vector<Frame> to_send; ///< one at most for each other node
  std::vector<std::pair<GroupId, Apply>> to_apply;

  [[nodiscard]] bool empty() const {
    return to_persist.empty() && to_send.empty() && to_apply.empty();
  }
};

/// All groups of one node.
///
/// What all of them have to say to another node goes in one frame, and what they have to write in
/// one output, so that one write to the disk serves them all. Each pair of nodes exchanges one
/// heartbeat, which is a frame, maybe an empty one. A group in which nothing happens is *asleep*:
/// its members say nothing and take no time, and rely on these heartbeats. When a node is lost, or
/// has started anew, the groups wake up that it leads.
///
/// Threads: none inside. One thread at a time.
/// Limits:  those of each group; a tick costs what is awake.
/// Source:  one heartbeat for many groups, and groups that sleep: as in CockroachDB ("coalesced
///          heartbeats", "quiescence"); thesis, section 6.2.
class Groups {
public:
  explicit Groups(GroupsOptions options) : options_(options) {}

  /// Adds a group with what was found of it on the disk; `options.self` is filled in. Fails with
  /// bad_argument if it is there, or its options are wrong.
  [[nodiscard]] Result<void> add(GroupId group, Options options, Recovered recovered);
  void remove(GroupId group);

  /// Null if there is no such group. After any call that changes it, tell touched().
  [[nodiscard]] Fsm* find(GroupId group);
  [[nodiscard]] const Fsm* find(GroupId group) const;
  void touched(GroupId group) { active_.insert(group); }

  void tick();

  /// What another node has sent. Messages for groups that are not here are dropped.
  void step(const Frame& frame);

  [[nodiscard]] GroupsOutput take_output();

  [[nodiscard]] bool is_lost(NodeId node) const;
  [[nodiscard]] std::size_t awake() const { return awake_.size(); }
  [[nodiscard]] std::size_t size() const { return groups_.size(); }

private:
  struct Group {
    Fsm fsm;
    std::uint32_t idle = 0;      // ticks
    Configuration configuration; // as far as peers_ knows it
  };

  /// Another node.
  struct Peer {
    std::size_t groups = 0; // that it is a member of
    std::uint64_t heard_at = 0;
    std::uint64_t told_at = 0;
    std::uint64_t life = 0;
    bool lost = false;
  };

  void tick_groups();
  void look_at_peers();
  void heard(NodeId node, std::uint64_t life);
  void wake_groups_of(NodeId node);
  void update_peers(Group& group);
  void collect(GroupId id, Group& group, GroupsOutput& output);
  [[nodiscard]] std::vector<Frame>::iterator frame_to(NodeId node, GroupsOutput& output);
  void add_heartbeats(GroupsOutput& output);

  GroupsOptions options_;
  std::uint64_t now_ = 0;
  std::map<GroupId, Group> groups_;
  std::map<NodeId, Peer> peers_;
  std::set<GroupId> awake_;
  std::set<GroupId> active_; // may have an output
};

} // namespace stos::raft

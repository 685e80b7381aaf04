#pragma once

#include "libstos/raft/fsm.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

inline std::vector<std::byte> bytes_of_text(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return std::byte(c); });
  return bytes;
}

inline std::string text_of_bytes(const std::vector<std::byte>& bytes) {
  std::string text;
  for (const std::byte byte : bytes)
    text += static_cast<char>(byte);
  return text;
}

/// One group on some nodes, where the test decides who hears what, and when time passes. What a
/// node wants to persist is on its disk at once.
class ByHand {
public:
  struct Node {
    std::unique_ptr<raft::Fsm> fsm; ///< null while the node is down
    raft::Recovered disk;
    raft::Options options;
    std::vector<std::string> applied; ///< commands
    std::vector<raft::EntryId> applied_ids;
    std::map<std::uint64_t, std::optional<raft::LogIndex>> reads;
    int snapshots = 0;
  };

  /// Nodes 1 to `voters` are the group; they have this on their disks.
  explicit ByHand(std::uint64_t voters, raft::Options options = {}) : options_(options) {
    std::vector<raft::NodeId> ids;
    for (std::uint64_t id = 1; id <= voters; ++id)
      ids.push_back({id});
    for (std::uint64_t id = 1; id <= voters; ++id)
      add(id, raft::Fsm::first_state({ids, {}, {}}));
  }

  void add(std::uint64_t id, raft::Recovered disk = {}) {
    Node& node = nodes_[id];
    node.disk = std::move(disk);
    node.options = options_;
    node.options.self = {id};
    node.options.seed = id;
    start(id);
  }

  Node& node(std::uint64_t id) { return nodes_.at(id); }
  raft::Fsm& operator[](std::uint64_t id) { return *nodes_.at(id).fsm; }

  void crash(std::uint64_t id) { nodes_.at(id).fsm.reset(); }
  void start(std::uint64_t id) {
    Node& node = nodes_.at(id);
    node.applied.clear();
    node.applied_ids.clear();
    if (node.disk.snapshot)
      take_in(node, *node.disk.snapshot);
    node.fsm = std::make_unique<raft::Fsm>(node.options, node.disk);
  }

  // ---- messages
  // ----------------------------------------------------------------------------------

  /// What is on the way, in the order of sending.
  std::deque<raft::Message> wire;

  void cut(std::uint64_t from, std::uint64_t to) { cut_.insert({from, to}); }
  void cut_off(std::uint64_t id) {
    for (const auto& [other, node] : nodes_) {
      cut(id, other);
      cut(other, id);
    }
  }
  void heal() { cut_.clear(); }

  /// Takes a node's output: persists, sends, applies.
  void take(std::uint64_t id) {
    Node& node = nodes_.at(id);
    if (!node.fsm)
      return;
    raft::Output output = node.fsm->take_output();
    raft::apply(output.to_persist, node.disk);
    for (raft::Message& message : output.to_send)
      if (!cut_.contains({message.from.value, message.to.value}))
        wire.push_back(std::move(message));
    apply(node, output.to_apply);
  }

  void deliver(const raft::Message& message) {
    const auto to = nodes_.find(message.to.value);
    if (to == nodes_.end() || !to->second.fsm)
      return;
    to->second.fsm->step(message);
    take(to->first);
  }

  /// Lets the node become the leader, of whose entries nobody hears.
  void lead_without_appends(std::uint64_t id) {
    for (int i = 0; i < 20 && !(*this)[id].leads(); ++i) {
      tick(id);
      take(id);
      while (!wire.empty()) {
        const raft::Message message = wire.front();
        wire.pop_front();
        if (!std::holds_alternative<raft::Append>(message.body))
          deliver(message);
      }
    }
  }

  /// Everybody says and hears all, until nothing is left to be said.
  void settle() {
    for (const auto& [id, node] : nodes_)
      take(id);
    for (int i = 0; !wire.empty(); ++i) {
      REQUIRE(i < 100'000);
      const raft::Message message = std::move(wire.front());
      wire.pop_front();
      if (!cut_.contains({message.from.value, message.to.value}))
        deliver(message);
    }
  }

  /// All that is on the way and fits is lost.
  template <class T>
  void lose(std::uint64_t to = 0) {
    std::erase_if(wire, [to](const raft::Message& message) {
      return std::holds_alternative<T>(message.body) && (to == 0 || message.to.value == to);
    });
  }

  // ---- time
  // --------------------------------------------------------------------------------------

  void tick(std::uint64_t id, std::uint32_t times = 1) {
    for (std::uint32_t i = 0; i < times && nodes_.at(id).fsm; ++i)
      nodes_.at(id).fsm->tick();
  }

  void tick_all(std::uint32_t times = 1) {
    for (std::uint32_t i = 0; i < times; ++i) {
      for (const auto& [id, node] : nodes_)
        tick(id);
      settle();
    }
  }

  /// So much time passes for all, without a word, that nobody is loyal to a leader any more.
  void forget_leader() {
    for (const auto& [id, node] : nodes_) {
      tick(id, options_.election_ticks);
      take(id);
    }
    wire.clear();
  }

  /// Lets a node campaign, when all have forgotten the last leader.
  void campaign(std::uint64_t id) {
    forget_leader();
    for (std::uint32_t i = 0; i < 4 * options_.election_ticks && !(*this)[id].leads(); ++i) {
      tick(id);
      settle();
    }
  }

  void elect(std::uint64_t id) {
    campaign(id);
    REQUIRE((*this)[id].leads());
    settle();
  }

  raft::EntryId propose(std::uint64_t id, const std::string& command) {
    const Result<raft::EntryId> entry = (*this)[id].propose(bytes_of_text(command));
    REQUIRE(entry);
    return *entry;
  }

private:
  static void take_in(Node& node, const raft::Snapshot& snapshot) {
    ++node.snapshots;
    node.applied.clear();
    node.applied_ids.clear();
    std::string command;
    for (const char c : text_of_bytes(snapshot.data)) {
      if (c != '\n')
        command += c;
      else
        node.applied.push_back(std::exchange(command, {}));
    }
  }

  static void apply(Node& node, const raft::Apply& apply) {
    if (apply.snapshot)
      take_in(node, *apply.snapshot);
    for (const raft::EntryPtr& entry : apply.entries) {
      node.applied_ids.push_back(entry->id());
      if (entry->kind == raft::EntryKind::command)
        node.applied.push_back(text_of_bytes(entry->data));
    }
    for (const raft::ReadResult& read : apply.reads)
      node.reads[read.id] = read.index;
  }

  raft::Options options_;
  std::map<std::uint64_t, Node> nodes_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> cut_;
};

/// The state of a node as the bytes of a snapshot, which ByHand reads.
inline std::vector<std::byte> snapshot_of(const std::vector<std::string>& applied) {
  std::string text;
  for (const std::string& command : applied)
    text += command + '\n';
  return bytes_of_text(text);
}

} // namespace stos::test

#include "libstos/raft/groups.hpp"

#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;

namespace {

/// Nodes with many groups, where all that is sent arrives at once unless the node is silent.
class ManyGroups {
public:
  ManyGroups(std::uint64_t nodes, std::uint64_t groups) {
    for (std::uint64_t id = 1; id <= nodes; ++id)
      voters_.push_back({id});
    for (std::uint64_t id = 1; id <= nodes; ++id)
      start(id, groups);
  }

  void start(std::uint64_t id, std::uint64_t groups) {
    GroupsOptions options;
    options.self = {id};
    options.life = ++lives_;
    nodes_.erase(id);
    nodes_.emplace(id, options);
    for (std::uint64_t group = 1; group <= groups; ++group) {
      Options of_group;
      of_group.seed = 100 * group + id;
      REQUIRE(nodes_.at(id).add({group}, of_group, Fsm::first_state({voters_, {}, {}})));
    }
  }

  Groups& operator[](std::uint64_t id) { return nodes_.at(id); }

  void tick(std::uint32_t times = 1) {
    for (std::uint32_t i = 0; i < times; ++i) {
      for (auto& [id, node] : nodes_)
        if (!silent.contains(id))
          node.tick();
      settle();
    }
  }

  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& [id, node] : nodes_) {
        if (silent.contains(id))
          continue;
        const GroupsOutput output = node.take_output();
        std::set<NodeId> receivers;
        for (const Frame& frame : output.to_send) {
          CHECK(receivers.insert(frame.to).second); // one for each
          ++frames;
          messages += frame.items.size();
          if (!silent.contains(frame.to.value))
            nodes_.at(frame.to.value).step(frame);
          moved = true;
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t leader_of(std::uint64_t group) const {
    for (const auto& [id, node] : nodes_)
      if (!silent.contains(id) && node.find({group})->leads())
        return id;
    return 0;
  }

  [[nodiscard]] std::size_t awake() const {
    std::size_t sum = 0;
    for (const auto& [id, node] : nodes_)
      sum += node.awake();
    return sum;
  }

  std::set<std::uint64_t> silent; ///< nodes that do nothing and hear nothing
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;

private:
  std::vector<NodeId> voters_;
  std::map<std::uint64_t, Groups> nodes_;
  std::uint64_t lives_ = 0;
};

constexpr std::uint32_t until_asleep = 80;

} // namespace

TEST_CASE("idle groups fall asleep, and each pair of nodes has one heartbeat for all of them") {
  ManyGroups nodes(3, 50);
  nodes.tick(until_asleep);
  for (std::uint64_t group = 1; group <= 50; ++group)
    CHECK(nodes.leader_of(group) != 0);
  CHECK(nodes.awake() == 0);
  nodes.frames = nodes.messages = 0;
  nodes.tick(100);
  CHECK(nodes.messages == 0);
  CHECK(nodes.frames == 6 * 50); // each to two others, every second tick
  CHECK(nodes.awake() == 0);
}

TEST_CASE("a proposal wakes its group, and no other one") {
  ManyGroups nodes(3, 20);
  nodes.tick(until_asleep);
  const std::uint64_t leader = nodes.leader_of(7);
  REQUIRE(nodes[leader].find({7})->propose({}));
  nodes[leader].touched({7});
  nodes.tick();
  CHECK(nodes.awake() == 3);
  for (const std::uint64_t id : {1, 2, 3})
    CHECK(nodes[id].find({7})->log().last_index() == LogIndex{2});
  nodes.tick(until_asleep);
  CHECK(nodes.awake() == 0);
  CHECK(nodes[leader].find({7})->term() == Term{1});
}

TEST_CASE("when a node is lost, the groups that it leads wake up and get another leader") {
  ManyGroups nodes(3, 20);
  nodes.tick(until_asleep);
  const std::uint64_t lost = nodes.leader_of(1);
  nodes.silent = {lost};
  nodes.tick(until_asleep);
  for (std::uint64_t group = 1; group <= 20; ++group) {
    CHECK(nodes.leader_of(group) != 0);
    CHECK(nodes.leader_of(group) != lost);
  }
  for (const std::uint64_t id : {1, 2, 3})
    if (id != lost) {
      CHECK(nodes[id].is_lost({lost}));
      CHECK(nodes[id].awake() == 0); // they sleep without it
    }
  const std::uint64_t leader = nodes.leader_of(1);
  REQUIRE(nodes[leader].find({1})->propose({}));
  nodes[leader].touched({1});
  nodes.tick(until_asleep);
  // It is back, and gets what it has missed.
  nodes.silent.clear();
  nodes.tick(2 * until_asleep);
  for (std::uint64_t group = 1; group <= 20; ++group) {
    const LogIndex last = nodes[nodes.leader_of(group)].find({group})->log().last_index();
    CHECK(nodes[lost].find({group})->log().last_index() == last);
    CHECK(nodes[lost].find({group})->commit_index() == last);
  }
  CHECK(nodes.awake() == 0);
}

TEST_CASE("a node that starts anew between two heartbeats wakes the groups that it has led") {
  ManyGroups nodes(3, 10);
  nodes.tick(until_asleep);
  const std::uint64_t leader = nodes.leader_of(1);
  nodes.start(leader, 10); // with empty disks, which is all that is to be seen here
  nodes.tick(2);
  std::size_t awake = 0;
  for (const std::uint64_t id : {1, 2, 3})
    if (id != leader)
      awake += nodes[id].awake();
  CHECK(awake > 0);
}

TEST_CASE("groups that are there already, or are not, are told apart") {
  ManyGroups nodes(1, 1);
  CHECK(nodes[1].add({1}, {}, {}).error().context == "group 1 is here already");
  Options wrong;
  wrong.heartbeat_ticks = 0;
  CHECK(nodes[1].add({2}, wrong, {}).error().code == Errc::bad_argument);
  CHECK(nodes[1].find({2}) == nullptr);
  nodes[1].step({{2}, {1}, 1, {{{9}, {{2}, {1}, {1}, TimeoutNow{}}}}}); // of a group that is gone
  CHECK(nodes[1].size() == 1);
  nodes[1].remove({1});
  CHECK(nodes[1].size() == 0);
  nodes.tick(3);
}

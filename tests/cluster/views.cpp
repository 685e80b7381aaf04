#include "tests/cluster/virtual_nodes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace stos::test {
namespace {

using namespace stos::detail;
using Catch::Contains;

/// Nodes that have found each other, and have a leader.
VirtualCores complete(std::size_t nodes, std::uint64_t seed = 1,
                      const ClusterOptions& options = VirtualCores::brisk()) {
  VirtualCores cluster(nodes, seed, options);
  std::string all;
  for (std::size_t i = 0; i < nodes; ++i)
    all += VirtualCores::name(i);
  REQUIRE(cluster.run_until(
      5, [&] { return cluster.agree(all) && !cluster.core(0).control()->leader().empty(); }));
  return cluster;
}

std::size_t leader_of(const VirtualCores& cluster, std::size_t seen_by = 0) {
  return static_cast<std::size_t>(cluster.core(seen_by).control()->leader()[0] - 'a');
}

TEST_CASE("Nodes that have all come see the first view, with one leader") {
  VirtualCores cluster = complete(3);
  CHECK(cluster.epoch(0) == 1);
  cluster.run(1);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(cluster.core(i).control()->leader() == cluster.core(0).control()->leader());
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node that is killed is not in the next view, whether it led or not") {
  for (std::size_t victim = 0; victim < 3; ++victim) {
    VirtualCores cluster = complete(3);
    std::string left = "abc";
    left.erase(victim, 1);
    cluster.kill(victim);
    // After the silence, and what an election and a round of messages take.
    CHECK(cluster.run_until(1.5 + 0.5, [&] { return cluster.agree(left); }));
    CHECK(cluster.epoch(left[0] - 'a') == 2);
    CHECK_THAT(cluster.core(left[0] - 'a').control()->view().why,
               Contains(VirtualCores::name(victim) + " is gone"));
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("Nodes that are lost one after the other leave views, until there is no majority") {
  VirtualCores cluster = complete(5);
  cluster.kill(4);
  CHECK(cluster.run_until(3, [&] { return cluster.agree("abcd"); }));
  cluster.kill(0);
  CHECK(cluster.run_until(3, [&] { return cluster.agree("bcd"); }));
  cluster.run(0.5); // by then, two of these three are a majority
  cluster.kill(2);
  CHECK(cluster.run_until(3, [&] { return cluster.agree("bd"); }));
  cluster.run(0.5);
  cluster.kill(1);
  CHECK(cluster.run_until(3, [&] { return !cluster.failure(3).empty(); }));
  CHECK_THAT(cluster.failure(3), Contains("b is gone") && Contains("no majority: 1 of 2"));
  CHECK(cluster.view(3) == "bd");
  CHECK(cluster.trouble().empty());
}

TEST_CASE("Two of five nodes may go at once, three may not") {
  VirtualCores cluster = complete(5);
  SECTION("two") {
    cluster.kill(1);
    cluster.kill(3);
    CHECK(cluster.run_until(3, [&] { return cluster.agree("ace"); }));
  }
  SECTION("three") {
    cluster.kill(0);
    cluster.kill(2);
    cluster.kill(4);
    CHECK(cluster.run_until(
        3, [&] { return !cluster.failure(1).empty() && !cluster.failure(3).empty(); }));
    CHECK_THAT(cluster.failure(1), Contains("e are gone") && Contains("no majority"));
    CHECK(cluster.epoch(1) == 1);
  }
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node that says goodbye is gone at once") {
  VirtualCores cluster = complete(3);
  cluster.leave(2);
  CHECK(cluster.run_until(0.7, [&] { return cluster.agree("ab"); }));
}

TEST_CASE("A connection that was reset is made again, and the same members begin a view") {
  VirtualCores cluster = complete(3);
  cluster.reset(0, 1);
  CHECK(cluster.run_until(3, [&] { return cluster.agree("abc") && cluster.epoch(0) == 2; }));
  cluster.run(3);
  CHECK(cluster.epoch(0) == 2); // and that is all
  CHECK(cluster.agree("abc"));
}

TEST_CASE("A cable that is cut for less than the timeout changes nothing") {
  VirtualCores cluster = complete(3);
  cluster.cut_off(2);
  cluster.run(1);
  cluster.heal();
  cluster.run(4);
  CHECK(cluster.agree("abc"));
  CHECK(cluster.epoch(0) == 1);
}

TEST_CASE("Of two halves, the one with the majority goes on, and the other one says why not") {
  VirtualCores cluster = complete(5);
  for (std::size_t a : {0, 1})
    for (std::size_t b : {2, 3, 4}) {
      cluster.cut(a, b);
      cluster.cut(b, a);
    }
  CHECK(cluster.run_until(4, [&] {
    return cluster.agree("cde") && !cluster.failure(0).empty() && !cluster.failure(1).empty();
  }));
  CHECK_THAT(cluster.failure(0), Contains("no majority"));
  cluster.heal();
  cluster.run(5);
  CHECK(cluster.agree("cde"));
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node that stood still comes back to a cluster without it, and does no harm") {
  for (const bool leads : {false, true}) {
    VirtualCores cluster = complete(3);
    const std::size_t leader = leader_of(cluster);
    const std::size_t zombie = leads ? leader : (leader + 1) % 3;
    std::string left = "abc";
    left.erase(zombie, 1);
    cluster.pause(zombie);
    REQUIRE(cluster.run_until(4, [&] { return cluster.agree(left); }));
    cluster.run(2);
    cluster.resume(zombie);
    CHECK(cluster.run_until(4, [&] { return !cluster.failure(zombie).empty(); }));
    CHECK_THAT(cluster.failure(zombie), Contains("does not belong to the cluster any more"));
    cluster.run(3);
    CHECK(cluster.agree(left));
    CHECK(cluster.epoch(left[0] - 'a') == 2);
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("Where one node hears another, which does not hear it, one of them goes, and is told") {
  for (std::size_t from = 0; from < 3; ++from)
    for (std::size_t to = 0; to < 3; ++to) {
      if (from == to)
        continue;
      CAPTURE(from, to);
      VirtualCores cluster = complete(3);
      cluster.cut(from, to);
      CHECK(cluster.run_until(8, [&] {
        for (const std::string left : {"ab", "ac", "bc"})
          if (cluster.agree(left)) {
            const std::size_t out = std::string("abc").find_first_not_of(left);
            return !cluster.failure(out).empty();
          }
        return false;
      }));
      CHECK(cluster.trouble().empty());
    }
}

TEST_CASE(
    "A process that starts anew under the name of one that belongs to the cluster is refused") {
  VirtualCores cluster = complete(3);
  cluster.restart(1);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("ac"); }));
  CHECK(cluster.run_until(6, [&] { return !cluster.failure(1).empty(); }));
  CHECK(cluster.epoch(0) == 2);
}

TEST_CASE("The bully among nodes leads, and the next one when it is gone") {
  ClusterOptions options = VirtualCores::brisk();
  options.election = ElectionName::bully;
  VirtualCores cluster = complete(3, 1, options);
  CHECK(cluster.run_until(3, [&] { return leader_of(cluster) == 2; }));
  cluster.kill(2);
  CHECK(cluster.run_until(3, [&] { return cluster.agree("ab"); }));
  CHECK(cluster.run_until(3, [&] { return leader_of(cluster) == 1; }));
}

TEST_CASE("A node that joins gets into the next view, and counts from then on") {
  VirtualCores cluster = complete(3);
  const std::size_t newcomer = cluster.join(1);
  CHECK(cluster.run_until(4, [&] { return cluster.agree("abcd"); }));
  CHECK(cluster.epoch(newcomer) == 2);
  CHECK(cluster.core(0).control()->view().why == "d has joined");
  cluster.run(0.5);
  cluster.kill(0);
  CHECK(cluster.run_until(4, [&] { return cluster.agree("bcd"); }));
  cluster.run(0.5);
  cluster.kill(1);
  CHECK(cluster.run_until(4, [&] { return cluster.agree("cd"); }));
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A cluster grows from one node to three, and shrinks to one again") {
  VirtualCores cluster(1);
  REQUIRE(cluster.run_until(2, [&] { return cluster.agree("a"); }));
  cluster.join(0);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("ab"); }));
  cluster.join(1);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  cluster.run(0.5);
  cluster.drain(0); // whoever leads
  CHECK(cluster.run_until(6, [&] { return cluster.agree("bc"); }));
  CHECK(cluster.core(0).failure()->code == Errc::drained);
  cluster.run(0.5);
  cluster.drain(2);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("b"); }));
  cluster.run(0.5);
  REQUIRE(cluster.core(2).failure());
  CHECK(cluster.core(2).failure()->code == Errc::drained);
  const std::size_t newcomer = cluster.join(1);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("bd"); }));
  CHECK(cluster.belongs(newcomer));
  CHECK(cluster.trouble().empty());
}

TEST_CASE("Of nodes that all leave at once, one stays, and can go on alone") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    VirtualCores cluster = complete(3, seed);
    cluster.run(cluster.uniform(0, 1));
    for (std::size_t node = 0; node < 3; ++node)
      cluster.drain(node);
    REQUIRE(cluster.run_until(6, [&] { return cluster.agree("a"); }));
    cluster.run(1);
    for (const std::size_t node : {1u, 2u}) {
      REQUIRE(cluster.core(node).failure());
      CHECK(cluster.core(node).failure()->code == Errc::drained);
    }
    cluster.join(0);
    CHECK(cluster.run_until(6, [&] { return cluster.agree("ad"); }));
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("Nodes that have left one after the other start again with their logs, as new ones") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    VirtualCores cluster = complete(3, seed);
    std::vector<std::size_t> order = {0, 1, 2};
    std::swap(order[cluster.below(3)], order[2]);
    for (std::size_t i = 0; i < 2; ++i) {
      cluster.run(cluster.uniform(0, 1));
      cluster.drain(order[i]);
      REQUIRE(cluster.run_until(6, [&] { return !cluster.failure(order[i]).empty(); }));
      CHECK(cluster.core(order[i]).failure()->code == Errc::drained);
      cluster.kill(order[i]);
    }
    cluster.kill(order[2]);
    std::swap(order[cluster.below(3)], order[0]);
    for (const std::size_t node : order) {
      cluster.run(cluster.uniform(0, 1.2));
      cluster.come_back(node);
    }
    CHECK(cluster.run_until(8, [&] { return cluster.agree("abc"); }));
    INFO(cluster.picture());
    CHECK(cluster.agree("abc"));
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("Nobody joins or leaves while a run cannot be cut, and the newcomer hears why") {
  VirtualCores cluster = complete(3);
  cluster.let_no_run_be_cut();
  const std::size_t newcomer = cluster.join(0);
  CHECK(cluster.run_until(4, [&] { return !cluster.failure(newcomer).empty(); }));
  CHECK_THAT(cluster.failure(newcomer), Contains("a run cannot be cut now"));
  cluster.drain(1);
  cluster.run(3);
  CHECK(cluster.agree("abc"));
  CHECK(cluster.epoch(0) == 1);
}

TEST_CASE("A process that was lost comes back as another node, if it joins") {
  VirtualCores cluster = complete(3);
  cluster.kill(1);
  REQUIRE(cluster.run_until(4, [&] { return cluster.agree("ac"); }));
  cluster.rejoin(1, 0);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  CHECK(cluster.core(1).control()->view().members[1].id == raft::NodeId{4});
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node that starts again with its log is the member that it was, in the next view") {
  for (std::size_t node = 0; node < 3; ++node) {
    VirtualCores cluster = complete(3);
    cluster.run(0.3);
    cluster.come_back(node);
    CHECK(cluster.core(node).control() != nullptr);
    CHECK_FALSE(cluster.core(node).control()->is_seated());
    CHECK(cluster.run_until(4, [&] { return cluster.agree("abc") && cluster.epoch(node) == 2; }));
    const View& view = cluster.core((node + 1) % 3).control()->view();
    CHECK(view.members[node].id == raft::NodeId{node + 1});
    CHECK(view.why == VirtualCores::name(node) + " has started again");
    CHECK(cluster.core(node).control()->is_seated());
    cluster.run(3);
    CHECK(cluster.agree("abc"));
    CHECK(cluster.epoch(node) == 2);
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("A node that comes back when the cluster has gone on without it is a new one") {
  VirtualCores cluster = complete(3);
  cluster.kill(1);
  REQUIRE(cluster.run_until(4, [&] { return cluster.agree("ac"); }));
  cluster.come_back(1);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  CHECK(cluster.core(0).control()->view().members[1].id == raft::NodeId{4});
  cluster.run(0.5);
  cluster.kill(0);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("bc"); }));
  CHECK(cluster.trouble().empty());
}

TEST_CASE("Nodes that have all ended and start again are the same cluster, with the next epoch") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    VirtualCores cluster = complete(3, seed);
    cluster.run(cluster.uniform(0, 1));
    const std::uint64_t before = cluster.epoch(0);
    for (std::size_t node = 0; node < 3; ++node)
      cluster.kill(node);
    for (std::size_t node = 0; node < 3; ++node) {
      cluster.run(cluster.uniform(0, 1.2)); // one after the other
      cluster.come_back(node);
    }
    CHECK(cluster.run_until(
        5, [&] { return cluster.agree("abc") && cluster.core(0).control()->is_seated(); }));
    CHECK(cluster.epoch(0) > before);
    CHECK(cluster.core(0).control()->view().members[2].id == raft::NodeId{3});
    CHECK(cluster.trouble().empty());
  }
}

TEST_CASE("A majority that starts again goes on without those that do not come; less does not") {
  VirtualCores cluster = complete(3);
  for (std::size_t node = 0; node < 3; ++node)
    cluster.kill(node);
  cluster.come_back(0);
  cluster.come_back(2);
  cluster.run(3);
  CHECK(cluster.epoch(0) == 1); // b may still come
  CHECK(cluster.run_until(5, [&] { return cluster.agree("ac"); }));
  cluster.kill(0);
  cluster.kill(2);
  cluster.come_back(2);
  CHECK(cluster.run_until(7, [&] { return !cluster.failure(2).empty(); }));
  CHECK_THAT(cluster.failure(2), Contains("a has not come (cluster.start_timeout)") &&
                                     Contains("1 of 2 nodes of view 2") &&
                                     Contains("stos recover"));
}

TEST_CASE("A process without the log of the member whose name it has is another node") {
  VirtualCores cluster = complete(3);
  cluster.kill(1);
  cluster.rejoin(1, 0); // before it was missed
  CHECK(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  CHECK(cluster.core(0).control()->view().members[1].id == raft::NodeId{4});
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node that cannot keep its log stops, and the others go on") {
  VirtualCores cluster = complete(3);
  cluster.fill_disk(1);
  cluster.kill(2); // there is something to write
  CHECK(cluster.run_until(4, [&] { return !cluster.failure(1).empty(); }));
  CHECK_THAT(cluster.failure(1), Contains("cannot keep its log (cluster.log): the disk is full"));
  CHECK(cluster.epoch(0) == 1);
}

TEST_CASE("Which runs are under way is known after all nodes have ended and started again") {
  VirtualCores cluster = complete(3);
  const auto knows = [&](const std::map<std::string, std::uint64_t>& runs) {
    for (std::size_t node = 0; node < 3; ++node)
      if (cluster.core(node).control()->runs().under_way() != runs)
        return false;
    return true;
  };
  cluster.note(1, {"lattice", 17, false});
  CHECK(cluster.run_until(1, [&] { return knows({{"lattice", 17}}); }));
  cluster.note(1, {"queue", 18, false});
  CHECK(cluster.run_until(1, [&] { return knows({{"lattice", 17}, {"queue", 18}}); }));
  cluster.note(1, {"lattice", 17, true});
  CHECK(cluster.run_until(1, [&] { return knows({{"queue", 18}}); }));
  for (std::size_t node = 0; node < 3; ++node)
    cluster.come_back(node);
  REQUIRE(cluster.run_until(
      5, [&] { return cluster.agree("abc") && cluster.core(0).control()->is_seated(); }));
  CHECK(knows({{"queue", 18}}));
  cluster.kill(0);
  cluster.rejoin(0, 1);
  REQUIRE(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  CHECK(cluster.run_until(1, [&] { return knows({{"queue", 18}}); }));
}

TEST_CASE(
    "Where an operator says so, a node without a majority goes on alone, and others join it") {
  VirtualCores cluster = complete(3);
  cluster.note(1, {"lattice", 17, false});
  cluster.run(1);
  for (std::size_t node = 0; node < 3; ++node)
    cluster.kill(node);
  cluster.recover_alone(1);
  cluster.come_back(1);
  REQUIRE(cluster.run_until(3, [&] { return cluster.agree("b"); }));
  CHECK(cluster.epoch(1) > 1000);
  CHECK(cluster.core(1).control()->runs().under_way().contains("lattice"));
  cluster.come_back(0); // after all
  CHECK(cluster.run_until(6, [&] { return cluster.agree("ab"); }));
  cluster.come_back(2);
  CHECK(cluster.run_until(6, [&] { return cluster.agree("abc"); }));
  CHECK(cluster.trouble().empty());
}

TEST_CASE("A node takes no disk for its own that is another one's") {
  std::map<raft::GroupId, raft::Recovered> disk;
  CHECK_FALSE((*NodeMemory::read(disk)).has_value());
  const ToPersist identity = NodeMemory::write("stos", "a", {1});
  raft::apply(*identity.what, disk[identity.group]);
  View view;
  view.members = {{{1}, "a", {"h", 1}, 7}};
  view.last_id = 1;
  ControlOptions options;
  options.self = {1};
  options.life = 7;
  ControlGroup group(view, options, false, 0);
  for (const ToPersist& each : group.take_output().to_persist)
    raft::apply(*each.what, disk[each.group]);
  const std::optional<NodeMemory> memory = *NodeMemory::read(disk);
  REQUIRE(memory.has_value());
  CHECK(memory->id == raft::NodeId{1});
  CHECK(memory->last.members == view.members);
  CHECK(memory->check("stos", "a"));
  const Result<void> other = memory->check("stos", "b");
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().context, Contains("of node a of cluster stos, and this is node b"));
  CHECK_FALSE(memory->check("other", "a"));
  raft::Recovered& control = disk[ControlGroup::group];
  control.snapshot = std::make_shared<const raft::Snapshot>(
      raft::Snapshot{control.snapshot->last, control.snapshot->configuration, {}});
  CHECK_FALSE(NodeMemory::read(disk));
}

TEST_CASE("A view is read as it was written, and nothing else is one") {
  View view;
  view.epoch = 7;
  view.members = {{{3}, "a", {"h", 1}}, {{1}, "b", {"h", 2}}};
  view.last_id = 3;
  view.why = "c is gone";
  const std::vector<std::byte> bytes = encode(view);
  const Result<View> read = decode_view(bytes);
  REQUIRE(read);
  CHECK(*read == view);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_view(std::span(bytes).first(size)));
  view.members[1].name = "a";
  CHECK_FALSE(decode_view(encode(view)));
}

TEST_CASE("Who has to go is the node with the most lost connections") {
  using S = Reachability::State;
  Reachabilities seen(1, 4);
  seen.hear(0, {1, {S::fine, S::fine, S::lost, S::fine}});
  seen.hear(1, {1, {S::fine, S::fine, S::lost, S::fine}});
  seen.hear(3, {1, {S::fine, S::fine, S::fine, S::fine}});
  CHECK(seen.who_has_to_go(0) == std::vector<std::size_t>{2});
  // Of a single connection, the end that was not heard of.
  Reachabilities single(1, 3);
  single.hear(0, {1, {S::fine, S::fine, S::fine}});
  single.hear(2, {1, {S::fine, S::lost, S::fine}});
  CHECK(single.who_has_to_go(0) == std::vector<std::size_t>{1});
  single.hear(1, {1, {S::fine, S::fine, S::fine}});
  CHECK(single.who_has_to_go(0) == std::vector<std::size_t>{2});
  CHECK(single.who_has_to_go(2) == std::vector<std::size_t>{1}); // never itself
  single.hear(2, {2, {S::lost, S::lost, S::fine}});              // of another epoch
  CHECK(single.who_has_to_go(0) == std::vector<std::size_t>{2});
}

} // namespace
} // namespace stos::test

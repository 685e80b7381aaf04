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
  CHECK(cluster.core(2).failure()->code == Errc::drained);
  CHECK(cluster.trouble().empty());
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

TEST_CASE("Under random faults no two nodes see different views of one epoch, and what is left "
          "agrees in the end or says why not") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    const std::size_t nodes = 3 + 2 * (seed % 2);
    VirtualCores cluster(nodes, seed);
    cluster.run(2);
    for (int fault = 0; fault < 6; ++fault) {
      const std::size_t node = cluster.below(nodes);
      const std::size_t other = (node + 1 + cluster.below(nodes - 1)) % nodes;
      switch (cluster.below(6)) {
        case 0:
          if (cluster.is_up(node) && cluster.below(2) == 0)
            cluster.kill(node);
          break;
        case 1: cluster.reset(node, other); break;
        case 2: cluster.cut(node, other); break;
        case 3: cluster.cut_off(node); break;
        case 4: cluster.pause(node); break;
        default: cluster.heal(); break;
      }
      cluster.run(cluster.uniform(0.05, 2.5));
      for (std::size_t i = 0; i < nodes; ++i)
        if (cluster.below(2) == 0)
          cluster.resume(i);
    }
    cluster.heal();
    for (std::size_t i = 0; i < nodes; ++i)
      cluster.resume(i);
    const auto settled = [&] {
      std::string view;
      for (std::size_t i = 0; i < nodes; ++i)
        if (cluster.belongs(i)) {
          view = cluster.view(i);
          break;
        }
      return view.empty() || cluster.agree(view);
    };
    const bool has_settled = cluster.run_until(15, settled);
    CHECK(has_settled);
    if (!has_settled)
      WARN(cluster.picture());
    cluster.run(1);
    CHECK(settled());
    CHECK(cluster.trouble() == "");
  }
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

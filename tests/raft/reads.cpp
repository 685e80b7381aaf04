#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;
using stos::test::ByHand;

TEST_CASE("a read is answered with all that was committed when it was asked for") {
  ByHand group(3);
  group.elect(1);
  const EntryId a = group.propose(1, "a");
  group.settle();
  REQUIRE(group[1].read(7));
  CHECK(group.node(1).reads.empty());
  group.settle();
  REQUIRE(group.node(1).reads.contains(7));
  CHECK(group.node(1).reads[7] == a.index);
}

TEST_CASE("a follower asks its leader, and then answers reads itself") {
  ByHand group(3);
  group.elect(1);
  const EntryId a = group.propose(1, "a");
  group.settle();
  REQUIRE(group[3].read(8));
  group.settle();
  CHECK(group.node(3).reads[8] == a.index);
  CHECK(group.node(1).reads.empty());
}

TEST_CASE("many reads cost one round of messages") {
  ByHand group(3);
  group.elect(1);
  group.settle();
  for (std::uint64_t id = 0; id < 50; ++id)
    REQUIRE(group[1].read(id));
  group.take(1);
  CHECK(group.wire.size() == 2);
  group.settle();
  CHECK(group.node(1).reads.size() == 50);
}

TEST_CASE("a leader cut off that is asked to read does not answer from what it knows") {
  ByHand group(3);
  group.elect(1);
  group.settle();
  group.cut_off(1);
  REQUIRE(group[1].read(1));
  group.take(1);
  for (const std::uint64_t id : {2, 3})
    group.tick(id, Options{}.election_ticks);
  while (!group[2].leads()) {
    group.tick(2);
    group.settle();
  }
  group.propose(2, "newer");
  group.settle();
  REQUIRE(group.node(3).applied.size() == 1);
  CHECK(group[1].leads()); // so it thinks
  CHECK(group.node(1).reads.empty());
  group.tick(1, Options{}.election_ticks); // then it resigns, and says so
  group.take(1);
  REQUIRE(group.node(1).reads.contains(1));
  CHECK(group.node(1).reads[1] == std::nullopt);
  CHECK(group[1].read(2).error().code == Errc::not_leader);
}

TEST_CASE("a new leader answers no read before it has committed an entry of its own") {
  ByHand group(3);
  group.elect(1);
  group.propose(1, "a");
  group.settle(); // committed, which only node 1 knows
  group.crash(1);
  for (const std::uint64_t id : {2, 3})
    group.tick(id, Options{}.election_ticks);
  group.lead_without_appends(2);
  REQUIRE(group[2].leads());
  REQUIRE(group[2].read(1));
  REQUIRE(group[2].read(2, ReadMode::lease));
  group.take(2);
  CHECK(group.node(2).reads.empty());
  group.tick_all(2 * Options{}.heartbeat_ticks);
  REQUIRE(group.node(2).reads.size() == 2);
  CHECK(group.node(2).reads[1] >= LogIndex{2});
  CHECK(group.node(2).reads[2] >= LogIndex{2});
}

TEST_CASE("with a lease a leader answers at once, until it ends") {
  ByHand group(3);
  group.elect(1);
  group.tick_all(3);
  REQUIRE(group[1].read(1, ReadMode::lease));
  group.take(1);
  CHECK(group.node(1).reads[1] == group[1].commit_index());
  CHECK(group.wire.empty());
  group.cut_off(1);
  group.tick(1, Options{}.lease_ticks);
  REQUIRE(group[1].read(2, ReadMode::lease));
  group.take(1);
  CHECK(!group.node(1).reads.contains(2));
}

TEST_CASE("who has told another node to campaign has no lease any more in this term") {
  ByHand group(3);
  group.elect(1);
  group.tick_all(3);
  REQUIRE(group[1].hand_over({2}));
  group.take(1);
  group.lose<TimeoutNow>(); // or it is late
  group.tick_all(Options{}.election_ticks + 1);
  REQUIRE(group[1].leads());
  REQUIRE(group[1].read(1, ReadMode::lease));
  group.take(1);
  CHECK(!group.node(1).reads.contains(1));
  group.settle();
  CHECK(group.node(1).reads.contains(1)); // confirmed by a majority
}

TEST_CASE("no more reads wait than the limit says") {
  Options options;
  options.limits.reads_max = 2;
  ByHand group(3, options);
  group.elect(1);
  REQUIRE(group[1].read(1));
  REQUIRE(group[1].read(2));
  CHECK(group[1].read(3).error().context == "2 reads wait to be confirmed");
  REQUIRE(group[2].read(4));
  group.settle();
  CHECK(group.node(2).reads.contains(4));
}

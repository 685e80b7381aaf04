#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;
using stos::test::ByHand;

TEST_CASE("a node that misses a leader is elected by a majority, and says so to all") {
  ByHand group(3);
  group.elect(2);
  group.tick_all(3);
  for (const std::uint64_t id : {1, 2, 3}) {
    CHECK(group[id].leader() == NodeId{2});
    CHECK(group[id].term() == Term{1});
    CHECK(group[id].commit_index() == LogIndex{1});
  }
}

TEST_CASE("a group of one node leads itself and commits at once") {
  ByHand group(1);
  group.elect(1);
  group.propose(1, "a");
  group.take(1);
  CHECK(group.node(1).applied == std::vector<std::string>{"a"});
}

TEST_CASE("a node that nobody hears raises no term, and disturbs nobody when it is back") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(3);
  group.tick_all(100);
  CHECK(group[3].term() == Term{1});
  CHECK(group[1].leads());
  group.heal();
  group.tick_all(20);
  CHECK(group[1].leads());
  CHECK(group[3].leader() == NodeId{1});
  CHECK(group[1].term() == Term{1});
}

TEST_CASE("a leader that hears no majority resigns within an election timeout") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(1);
  group.tick(1, Options{}.election_ticks);
  CHECK(!group[1].leads());
  CHECK(group[1].leader() == NodeId::none());
  const auto refused = group[1].propose({});
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::not_leader);
}

TEST_CASE("a candidate without all that is committed is not elected") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(3);
  group.propose(1, "a");
  group.settle();
  REQUIRE(group.node(2).applied.size() == 1);
  group.heal();
  group.crash(1);
  group.campaign(3);
  CHECK(!group[3].leads());
  group.elect(2);
  CHECK(group.node(3).applied == std::vector<std::string>{"a"});
}

TEST_CASE("a vote forgotten by a crash: a node that has voted does not vote again in this term") {
  ByHand group(3);
  const auto request = [&](std::uint64_t candidate) {
    return Message{{candidate}, {1}, {5}, VoteRequest{false, true, {Term{4}, LogIndex{9}}}};
  };
  group.deliver(request(2));
  REQUIRE(group.wire.size() == 1);
  CHECK(std::get<VoteReply>(group.wire.front().body).granted);
  CHECK(group.node(1).disk.hard_state == HardState{{5}, {2}});
  group.wire.clear();

  group.crash(1);
  group.start(1);
  group.deliver(request(3));
  REQUIRE(group.wire.size() == 1);
  CHECK(!std::get<VoteReply>(group.wire.front().body).granted);
  group.wire.clear();
  group.deliver(request(2)); // the same answer to the same question
  CHECK(std::get<VoteReply>(group.wire.front().body).granted);
}

TEST_CASE("a node that has just started is loyal to a leader that it does not remember") {
  ByHand group(3);
  group.elect(1);
  group.crash(2);
  group.start(2);
  const auto ask = [&] {
    group.deliver({{3}, {2}, {7}, VoteRequest{false, false, {Term{4}, LogIndex{9}}}});
  };
  ask();
  CHECK(group.wire.empty());
  CHECK(group[2].term() == Term{1});
  group.tick(2, Options{}.election_ticks);
  group.wire.clear();
  ask();
  REQUIRE(group.wire.size() == 1);
  CHECK(std::get<VoteReply>(group.wire.front().body).granted);
}

TEST_CASE("a node with a newer term than its leader's gets a leader again") {
  ByHand group(3);
  group.elect(1);
  // Node 3 knows of a term in which nobody leads.
  group.node(3).disk.hard_state = {{8}, {3}};
  group.crash(3);
  group.start(3);
  group.tick_all(60);
  CHECK(group[3].leader() != NodeId::none());
  CHECK(group[1].term() >= Term{8});
  CHECK(group[1].term() == group[3].term());
}

TEST_CASE(
    "the lead is handed over to a voter that has the whole log, at once and without silence") {
  ByHand group(3);
  group.elect(1);
  group.propose(1, "a");
  REQUIRE(group[1].hand_over({3}));
  const auto refused = group[1].propose({});
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::try_later);
  CHECK(refused.error().context == "the lead goes to node 3");
  group.settle();
  CHECK(group[3].leads());
  CHECK(group[1].leader() == NodeId{3});
  CHECK(group[3].term() == Term{2});
  CHECK(group.node(3).applied == std::vector<std::string>{"a"});
}

TEST_CASE("handing over to a node that does not answer is given up after an election timeout") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(3);
  group.propose(1, "a");
  group.settle();
  REQUIRE(group[1].hand_over({3}));
  CHECK(group[1].hand_over({2}).error().code == Errc::try_later);
  group.tick_all(Options{}.election_ticks);
  CHECK(group[1].leads());
  group.propose(1, "b");
  group.settle();
  CHECK(group.node(1).applied == std::vector<std::string>{"a", "b"});
  CHECK(group[1].hand_over({7}).error().code == Errc::bad_argument);
  CHECK(group[2].hand_over({1}).error().context == "node 1 leads");
}

TEST_CASE("two leaders of one term are an error that stops a node") {
  ByHand group(3);
  group.elect(1);
  group.deliver({{2}, {1}, {1}, Heartbeat{}});
  REQUIRE(group[1].failure());
  CHECK(group[1].failure()->context ==
        "node 2 leads in term 1, in which node 1 leads: the nodes are "
        "no group, or one has forgotten what it had written");
  CHECK(!group[1].leads());
  group.tick(1, 100);
  CHECK(group[1].take_output().empty());
}

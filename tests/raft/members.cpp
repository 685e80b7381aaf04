#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;
using stos::test::ByHand;
using stos::test::bytes_of_text;

TEST_CASE("a majority of each set of voters has to agree") {
  const Configuration joint{{{1}, {2}, {3}}, {{3}, {4}, {5}, {6}}, {}};
  const auto agree = [&](std::vector<std::uint64_t> who) {
    return joint.has_quorum(
        [&](NodeId node) { return std::find(who.begin(), who.end(), node.value) != who.end(); });
  };
  CHECK(agree({1, 2, 4, 5, 6}));
  CHECK(agree({2, 3, 4, 5}));
  CHECK(!agree({1, 2, 3}));
  CHECK(!agree({3, 4, 5, 6}));
  CHECK(!agree({1, 2, 3, 4}));
  CHECK(joint.agreed([](NodeId node) { return node.value; }) == 2);
  CHECK(joint.left() == Configuration{{{1}, {2}, {3}}, {}, {}});
  CHECK(joint.to_string() == "voters 1 2 3, outgoing 3 4 5 6");
}

TEST_CASE("a configuration without voters, out of order, or with a node in two lists is none") {
  CHECK(Configuration{{{1}}, {}, {}}.is_valid());
  CHECK(Configuration{{{1}}, {{2}}, {{2}}}.is_valid()); // a voter becomes a learner
  CHECK(!Configuration{}.is_valid());
  CHECK(!Configuration{{{2}, {1}}, {}, {}}.is_valid());
  CHECK(!Configuration{{{1}, {1}}, {}, {}}.is_valid());
  CHECK(!Configuration{{{0}}, {}, {}}.is_valid());
  CHECK(!Configuration{{{1}}, {}, {{1}}}.is_valid());
}

TEST_CASE("a learner gets all entries, decides nothing, and becomes a voter") {
  ByHand group(2);
  group.elect(1);
  group.add(3);
  REQUIRE(group[1].change_members({{1}, {2}}, {{3}}));
  group.tick_all(5);
  CHECK(group[1].status().configuration.learners == std::vector<NodeId>{{3}});
  group.cut_off(2);
  group.propose(1, "a");
  group.settle();
  CHECK(group.node(1).applied.empty());
  CHECK(group[3].log().last_index() == group[1].log().last_index());
  group.heal();
  group.tick_all(5);
  CHECK(group.node(3).applied == std::vector<std::string>{"a"});
  group.tick(3, 100);
  group.settle();
  CHECK(group[3].term() == Term{1}); // it does not campaign

  REQUIRE(group[1].change_members({{1}, {2}, {3}}, {}));
  group.tick_all(5);
  CHECK(!group[1].status().configuration.is_joint());
  group.cut_off(2);
  group.propose(1, "b");
  group.settle();
  CHECK(group.node(1).applied == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a membership change right after an election waits for an entry of the own term") {
  // Ongaro's correction: a leader that changes members before it has committed an entry of its own
  // term may not know of a change that an earlier leader has left in the log.
  ByHand group(3);
  group.elect(1);
  group.propose(1, "a");
  group.settle();
  group.forget_leader();
  group.lead_without_appends(2);
  REQUIRE(group[2].leads());
  const auto early = group[2].change_members({{1}, {2}}, {});
  REQUIRE(!early);
  CHECK(early.error().code == Errc::try_later);
  CHECK(early.error().context == "nothing of this leader's own term is committed yet");
  group.tick_all(2 * Options{}.heartbeat_ticks);
  CHECK(group[2].change_members({{1}, {2}}, {}));
  const auto second = group[2].change_members({{2}, {3}}, {});
  REQUIRE(!second);
  CHECK(second.error().context == "the change to voters 1 2, outgoing 1 2 3 is under way");
  CHECK(group[2].change_members({}, {{1}}).error().code == Errc::bad_argument);
  group.settle();
  CHECK(group[2].status().configuration == Configuration{{{1}, {2}}, {}, {}});
}

TEST_CASE("a change of members that was not committed is undone with its entry") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(1);
  REQUIRE(group[1].change_members({{1}}, {}));
  group.take(1);
  CHECK(group[1].status().configuration.is_joint());
  group.elect(2);
  group.propose(2, "a");
  group.heal();
  group.tick_all(30);
  CHECK(group[1].status().configuration == Configuration{{{1}, {2}, {3}}, {}, {}});
  CHECK(group.node(1).applied == std::vector<std::string>{"a"});
}

TEST_CASE("a new leader concludes the change that the last one has begun") {
  ByHand group(3);
  group.elect(1);
  group.add(4);
  REQUIRE(group[1].change_members({{2}, {3}, {4}}, {}));
  group.take(1);
  // The joint configuration reaches all; nothing more is heard of its leader.
  const auto messages = group.wire;
  group.crash(1);
  group.wire.clear();
  for (const Message& message : messages)
    group.deliver(message);
  group.wire.clear();
  REQUIRE(group[2].status().configuration.is_joint());
  group.campaign(2);
  group.tick_all(10);
  REQUIRE(group[2].leads());
  CHECK(group[2].status().configuration == Configuration{{{2}, {3}, {4}}, {}, {}});
  CHECK(group[4].status().configuration == Configuration{{{2}, {3}, {4}}, {}, {}});
}

TEST_CASE("a leader that is removed leads until that is committed, then another one does") {
  ByHand group(3);
  group.elect(1);
  REQUIRE(group[1].change_members({{2}, {3}}, {}));
  group.settle();
  CHECK(!group[1].leads());
  CHECK((group[2].leads() || group[3].leads())); // without an election timeout
  group.tick_all(100);
  CHECK(group[1].term() == Term{1}); // it has heard that it is no member
}

TEST_CASE("a removed node that campaigns disturbs nobody") {
  ByHand group(4);
  group.elect(1);
  group.cut_off(4); // so that it does not hear that it is removed
  REQUIRE(group[1].change_members({{1}, {2}, {3}}, {}));
  group.settle();
  group.tick_all(5);
  group.heal();
  group.cut(1, 4); // no leader sends to it
  group.tick_all(200);
  CHECK(group[1].leads());
  CHECK(group[1].term() == Term{1});
  CHECK(group[4].term() == Term{1});
  // Also if it asks for votes with a newer term.
  for (const std::uint64_t id : {1, 2, 3})
    group.deliver({{4}, {id}, {50}, VoteRequest{false, false, {Term{50}, LogIndex{50}}}});
  CHECK(group[1].term() == Term{1});
  CHECK(group[1].leads());
}

TEST_CASE("a node that is to leave campaigns as long as only it knows") {
  // Thesis, section 4.2.2: all others have the joint configuration, and only the old leader the
  // entry that removes it; so nobody else can be elected.
  ByHand group(2);
  group.elect(1);
  group.add(3);
  REQUIRE(group[1].change_members({{3}}, {}));
  // The joint configuration is everywhere; the last entry is at node 1 only.
  for (int i = 0; i < 50 && group[1].status().configuration.is_joint(); ++i) {
    group.take(1);
    if (group.wire.empty())
      group.tick(1);
    while (!group.wire.empty() && group[1].status().configuration.is_joint()) {
      const Message message = group.wire.front();
      group.wire.pop_front();
      if (message.to == NodeId{1})
        group[1].step(message);
      else
        group.deliver(message);
    }
  }
  REQUIRE(group[1].status().configuration == Configuration{{{3}}, {}, {}});
  group.take(1);
  group.wire.clear();
  REQUIRE(group[2].status().configuration.is_joint());
  REQUIRE(group[3].status().configuration.is_joint());
  group.crash(1);
  group.start(1);
  group.tick_all(200);
  CHECK(group[3].leads());
  CHECK(group[3].status().configuration == Configuration{{{3}}, {}, {}});
}

#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;
using stos::test::ByHand;

namespace {

Options bully() {
  Options options;
  options.election = ElectionKind::bully;
  return options;
}

constexpr std::uint32_t long_enough = 200;

} // namespace

TEST_CASE("elections have names") {
  CHECK(election_kind_from("raft") == ElectionKind::raft);
  CHECK(election_kind_from("bully") == ElectionKind::bully);
  CHECK(election_kind_from("etcd") == std::nullopt);
}

TEST_CASE("bully: the highest id leads") {
  ByHand group(4, bully());
  group.tick_all(long_enough);
  for (const std::uint64_t id : {1, 2, 3, 4})
    CHECK(group[id].leader() == NodeId{4});
}

TEST_CASE("bully: election to all higher ids, OK back, coordinator to all") {
  Options options = bully();
  ByHand group(3, options);
  group.tick(1, 2 * options.election_ticks);
  group.take(1);
  REQUIRE(group.wire.size() == 2);
  for (const Message& message : group.wire) {
    CHECK(message.to > NodeId{1});
    CHECK(std::get<ElectionMessage>(message.body) == ElectionMessage::election);
  }
  const Message to_3 = group.wire.back();
  REQUIRE(to_3.to == NodeId{3});
  group.wire.clear();
  group.tick(3, options.election_ticks); // it has heard nobody either
  group.deliver(to_3);
  std::map<NodeId, std::vector<ElectionMessage>> answers;
  for (const Message& message : group.wire)
    if (const auto* answer = std::get_if<ElectionMessage>(&message.body))
      answers[message.to].push_back(*answer);
  CHECK(answers[{1}] == std::vector{ElectionMessage::ok, ElectionMessage::coordinator});
  CHECK(answers[{2}] == std::vector{ElectionMessage::coordinator});
}

TEST_CASE("bully: when the highest is gone the next one leads, and hands over when it is back") {
  ByHand group(3, bully());
  group.tick_all(long_enough);
  REQUIRE(group[3].leads());
  group.crash(3);
  group.tick_all(long_enough);
  REQUIRE(group[2].leads());
  group.propose(2, "meanwhile");
  group.settle();
  group.start(3);
  group.tick_all(long_enough);
  CHECK(group[3].leads());
  CHECK(group.node(3).applied == std::vector<std::string>{"meanwhile"});
  group.propose(3, "after");
  group.tick_all(5);
  CHECK(group.node(1).applied == std::vector<std::string>{"meanwhile", "after"});
}

TEST_CASE(
    "bully: the highest is passed over while its log is behind, and leads once it has caught up") {
  ByHand group(3, bully());
  group.tick_all(long_enough);
  group.cut_off(3);
  group.tick_all(long_enough);
  REQUIRE(group[2].leads());
  group.propose(2, "a");
  group.settle();
  group.crash(2); // what is committed is at node 1 now, and node 3 cannot win
  group.heal();
  for (std::uint32_t i = 0; i < long_enough && !group[1].leads(); ++i)
    group.tick_all();
  CHECK(group[1].leads());
  group.tick_all(long_enough);
  CHECK(group[3].leads());
  CHECK(group.node(3).applied == std::vector<std::string>{"a"});
}

TEST_CASE(
    "bully: of two halves that do not see each other, only the one with a majority has a leader") {
  ByHand group(5, bully());
  group.tick_all(long_enough);
  REQUIRE(group[5].leads());
  for (const std::uint64_t low : {1, 2, 3})
    for (const std::uint64_t high : {4, 5}) {
      group.cut(low, high);
      group.cut(high, low);
    }
  group.tick_all(long_enough);
  CHECK(group[3].leads());
  for (const std::uint64_t high : {4, 5}) {
    CHECK(!group[high].leads());
    CHECK(group[high].leader() == NodeId::none());
  }
  group.propose(3, "a");
  group.settle();
  group.heal();
  group.tick_all(long_enough);
  CHECK(group[5].leads());
  CHECK(group.node(5).applied == std::vector<std::string>{"a"});
}

TEST_CASE("bully: a highest node that hears nobody does not keep the others from a leader") {
  ByHand group(3, bully());
  group.cut(1, 3);
  group.cut(2, 3);
  group.tick_all(2 * long_enough);
  CHECK(group[2].leads());
  CHECK(group[1].leader() == NodeId{2});
}

TEST_CASE("bully: a highest node that nobody hears is led by the next one") {
  ByHand group(3, bully());
  group.cut(3, 1);
  group.cut(3, 2);
  group.tick_all(2 * long_enough);
  CHECK(group[2].leads());
  CHECK(group[3].leader() == NodeId{2});
}

TEST_CASE("bully: a slow node leads as soon as it answers, and its late answers do no harm") {
  ByHand group(3, bully());
  // Node 3 lives at a tenth of the speed of the others.
  for (std::uint32_t i = 0; i < 10 * long_enough; ++i) {
    group.tick(1);
    group.tick(2);
    if (i % 10 == 0)
      group.tick(3);
    group.settle();
    std::set<std::pair<Term, std::uint64_t>> leaders;
    for (const std::uint64_t id : {1, 2, 3})
      if (group[id].leads())
        leaders.insert({group[id].term(), id});
    std::set<Term> terms;
    for (const auto& [term, id] : leaders)
      REQUIRE(terms.insert(term).second);
  }
  bool led = false;
  for (const std::uint64_t id : {1, 2, 3})
    led = led || group[id].leads();
  CHECK(led);
}

TEST_CASE("bully: a learner is not asked, and does not lead") {
  ByHand group(2, bully());
  group.tick_all(long_enough);
  group.add(3);
  REQUIRE(group[2].change_members({{1}, {2}}, {{3}}));
  group.tick_all(long_enough);
  CHECK(group[2].leads());
  CHECK(group[3].leader() == NodeId{2});
}

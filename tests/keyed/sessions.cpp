#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

struct Fixture {
  Fixture() { add_all(types); }

  AgentTypes types;
  TwoReplicas group{types};
  const Call add = command_call<Ledger>("q", "a", Add{1});

  std::int64_t sum() { return *group.query<Ledger>("a", Get{}); }
};

} // namespace

TEST_CASE_METHOD(Fixture, "a command that is sent again is done once, and answered as before") {
  const Stamp stamp = group.next_stamp();
  const Answer first = group.send(stamp, add);
  static_cast<void>(group.send(group.next_stamp(), add));
  CHECK(group.send(stamp, add).outcome == Outcome::timeout); // its caller has said it has it
  const Stamp waiting{{group.now, 1}, 100, 50};
  const Answer answer = group.send(waiting, add);
  REQUIRE(group.send({{group.now, 1}, 101, 50}, add).outcome == Outcome::done);
  CHECK(group.send(waiting, add) == answer);
  CHECK(sum() == 4);
  CHECK(first.outcome == Outcome::done);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a command that has failed is not tried again by its copy") {
  const Stamp stamp{{group.now, 1}, 1, 1};
  const Answer thrown = group.send(stamp, command_call<Ledger>("q", "a", Throw{}));
  CHECK(thrown.outcome == Outcome::failed);
  CHECK(group.send(stamp, command_call<Ledger>("q", "a", Throw{})) == thrown);
}

TEST_CASE_METHOD(Fixture, "what was refused for now is done when it comes again") {
  const Stamp stamp{{group.now, 1}, 1, 1};
  CHECK(group.send(stamp, add, Activation::unchecked).outcome == Outcome::check_quota);
  CHECK(group.send(stamp, add, Activation::allowed).outcome == Outcome::done);
  CHECK(sum() == 1);
}

TEST_CASE_METHOD(Fixture, "what was refused for its quota stays refused when a copy comes later") {
  const Stamp stamp{{group.now, 1}, 1, 1};
  CHECK(group.send(stamp, add, Activation::quota_not_found).outcome == Outcome::quota_not_found);
  CHECK(group.send(stamp, add, Activation::allowed).outcome == Outcome::quota_not_found);
  CHECK(group.leader.agents() == 0);
}

TEST_CASE_METHOD(Fixture, "sessions of different callers do not meet") {
  CHECK(group.send({{group.now, 1}, 1, 1}, add).outcome == Outcome::done);
  CHECK(group.send({{group.now, 2}, 1, 1}, add).outcome == Outcome::done);
  CHECK(group.send({{{group.now.ms - 1}, 1}, 1, 1}, add).outcome == Outcome::done);
  CHECK(sum() == 3);
  CHECK(group.leader.sessions() == 3);
}

TEST_CASE_METHOD(Fixture,
                 "a session ends by the agreed time, and its commands are refused for good") {
  const Stamp old{{group.now, 1}, 1, 1};
  REQUIRE(group.send(old, add).outcome == Outcome::done);
  group.now.ms += Sessions::life_ms;
  const Answer late = group.send(old, add);
  CHECK(late.outcome == Outcome::session_expired);
  CHECK(late.number == group.now.ms); // so that a caller with a wrong clock can put it right
  REQUIRE(group.send({{group.now, 1}, 2, 2}, add).outcome == Outcome::done);
  CHECK(group.leader.sessions() == 1); // the old one is forgotten
  group.now.ms -= Sessions::life_ms;   // a new leader whose clock is wrong
  CHECK(group.send(old, add).outcome == Outcome::session_expired);
  CHECK(sum() == 2);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a session from the future is refused") {
  const Time ahead{group.now.ms + Sessions::ahead_max_ms};
  CHECK(group.send({{ahead, 1}, 1, 1}, add).outcome == Outcome::done);
  CHECK(group.send({{{ahead.ms + 1}, 1}, 1, 1}, add).outcome == Outcome::session_expired);
}

TEST_CASE_METHOD(Fixture, "a session keeps a limited number of answers") {
  for (std::uint64_t i = 1; i <= Sessions::answers_max; ++i)
    static_cast<void>(group.leader.apply(
        AgentGroup::command_item({{group.now, 1}, i, 1}, Activation::allowed, add), {{i}, 0},
        group.now, nullptr));
  const auto send = [&](std::uint64_t done_below) {
    return group.leader.apply(
        AgentGroup::command_item({{group.now, 1}, 99'999, done_below}, Activation::allowed, add),
        {{99'999}, 0}, group.now, nullptr);
  };
  CHECK(send(1).outcome == Outcome::try_later);
  CHECK(send(2).outcome == Outcome::done);
}

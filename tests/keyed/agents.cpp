#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

struct Fixture {
  Fixture() { ledger = &types.add<Ledger>(), types.add<Impure>(); }

  AgentTypes types;
  TypedAgent<Ledger>* ledger;
};

} // namespace

TEST_CASE_METHOD(Fixture, "a first command activates an agent, and queries see what commands did") {
  TwoReplicas group(types);
  CHECK(group.query<Ledger>("a", Get{}).outcome() == Outcome::agent_not_found);
  CHECK(*group.command<Ledger>("a", Add{5}) == 5);
  CHECK(*group.command<Ledger>("a", Add{-2}) == 3);
  CHECK(group.command<Ledger>("a", Append{"x"}));
  CHECK(*group.query<Ledger>("a", Get{}) == 3);
  CHECK(*group.query<Ledger>("a", GetText{}) == "a:x");
  CHECK(group.query<Ledger>("b", Get{}).outcome() == Outcome::agent_not_found);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "an agent of the same key under another quota is another agent") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  const Answer other =
      group.send(group.next_stamp(), command_call<Ledger>("other quota", "a", Add{1}));
  CHECK(*RepliedTo<Ledger, Add>(other) == 1);
  CHECK(group.leader.agents() == 2);
}

TEST_CASE_METHOD(Fixture, "an agent that says so is deactivated, and a later one is new") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  CHECK(*group.command<Ledger>("a", Leave{}) == 5);
  CHECK(group.query<Ledger>("a", Get{}).outcome() == Outcome::agent_not_found);
  CHECK(group.command<Ledger>("a", AskContext{})->is_new);
  CHECK_FALSE(group.command<Ledger>("a", AskContext{})->is_new);
  CHECK(*group.command<Ledger>("never there", Leave{}) == 0);
  CHECK_FALSE(group.leader.has({"q", "ledger", "never there"}));
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a command that throws changes nothing, and the caller gets the text") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  const auto thrown = group.command<Ledger>("a", Throw{});
  CHECK(thrown.outcome() == Outcome::failed);
  CHECK(thrown.text() == "out of ink");
  CHECK(*group.query<Ledger>("a", Get{}) == 5);
  CHECK(group.command<Ledger>("new", Throw{}).outcome() == Outcome::failed);
  CHECK(group.leader.agents() == 1);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture,
                 "time and random numbers are the same on all replicas, and new each time") {
  TwoReplicas group(types);
  const auto first = group.command<Ledger>("a", AskContext{});
  CHECK(first->now_ms == 1'000'000);
  group.now = {900'000}; // a new leader's clock is behind: time does not go back
  const auto second = group.command<Ledger>("a", AskContext{});
  CHECK(second->now_ms == 1'000'000);
  CHECK(first->random != second->random);
  CHECK_FALSE(group.differ); // both replicas have given these answers
}

TEST_CASE_METHOD(Fixture, "what makes no sense is a bad request, and says why") {
  TwoReplicas group(types);
  Call call = command_call<Ledger>("q", "a", Add{1});
  call.id.type = "unheard of";
  CHECK(group.send(group.next_stamp(), call).text == "there is no agent type \"unheard of\"");
  call = command_call<Ledger>("q", "a", Add{1});
  call.number = 99;
  CHECK(group.send(group.next_stamp(), call).text == "there is no command with number 99");
  call = command_call<Ledger>("q", "a", Add{1});
  call.argument.pop_back();
  const Answer answer = group.send(group.next_stamp(), call);
  CHECK(answer.outcome == Outcome::bad_request);
  CHECK(answer.text == "7 bytes are no stos::test::Add");
  CHECK(group.leader.agents() == 0);
}

TEST_CASE_METHOD(Fixture,
                 "effects come after the change, in order, with what was before and after") {
  std::vector<std::string> seen;
  const auto text_of = [](const Ledger* agent) {
    return agent == nullptr ? std::string("nothing") : std::to_string(agent->sum);
  };
  ledger->after_command<Add>([&](const AfterCommand<Ledger, Add>& x) {
    seen.push_back(x.id.key + ": " + text_of(x.before) + " + " + std::to_string(x.command.amount) +
                   " = " + std::to_string(x.reply) + ", " + text_of(x.after));
  });
  ledger->after_command<Leave>([&](const AfterCommand<Ledger, Leave>& x) {
    seen.push_back(x.id.key + ": " + text_of(x.before) + ", " + text_of(x.after));
  });
  ledger->after_query<Get>([&](const AfterQuery<Ledger, Get>& x) {
    seen.push_back(x.id.key + " is " + std::to_string(x.reply));
  });
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  REQUIRE(group.command<Ledger>("a", Add{2})); // in order, although both wait
  REQUIRE(group.query<Ledger>("a", Get{}));
  REQUIRE(group.command<Ledger>("a", Add{1}));
  REQUIRE(group.command<Ledger>("a", Leave{}));
  CHECK(seen.empty()); // applying has no effect by itself
  for (const Effect& effect : group.effects)
    effect();
  CHECK(seen == std::vector<std::string>{"a: nothing + 5 = 5, 5", "a: 5 + 2 = 7, 7", "a is 7",
                                         "a: 7 + 1 = 8, 8", "a: 8, nothing"});
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a callback that is not pure is found by doing it twice") {
  TwoReplicas group(types, {.check_twice = true});
  const auto replied = group.command<Impure>("a", Add{1});
  CHECK(replied.outcome() == Outcome::failed);
  CHECK(replied.text() == "command 0 of agent type \"impure\" is not pure: done twice on the same "
                          "state, it gave two results");
  CHECK(*group.command<Ledger>("a", Add{1}) == 1);
  CHECK(group.command<Ledger>("a", AskContext{}));
  CHECK(group.leader.agents() == 1);
  CHECK_FALSE(group.differ);
}

// ---- quotas of new agents
// --------------------------------------------------------------------------

TEST_CASE_METHOD(Fixture, "only a command for an agent that is not active needs its quota") {
  TwoReplicas group(types);
  CHECK(group.command<Ledger>("a", Add{5}, Activation::unchecked).outcome() ==
        Outcome::check_quota);
  CHECK(group.command<Ledger>("a", Add{5}, Activation::quota_limit_reached).outcome() ==
        Outcome::quota_limit_reached);
  CHECK(group.command<Ledger>("a", Add{5}, Activation::quota_not_found).outcome() ==
        Outcome::quota_not_found);
  CHECK(group.leader.agents() == 0);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  CHECK(*group.command<Ledger>("a", Add{1}, Activation::unchecked) == 6);
  // Whoever has asked about the quota late does not remove what another caller has activated.
  CHECK(*group.command<Ledger>("a", Add{1}, Activation::quota_not_found) == 7);
}

TEST_CASE_METHOD(Fixture, "the agents of a quota that is no more go, and no others") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Add{5}));
  REQUIRE(group.command<Ledger>("b", Add{5}));
  static_cast<void>(group.send(group.next_stamp(), command_call<Ledger>("r", "a", Add{1})));
  CHECK(group.leader.agents_by_quota() == std::map<std::string, std::uint64_t>{{"q", 2}, {"r", 1}});
  static_cast<void>(group.apply(AgentGroup::remove_quota_item("q")));
  CHECK(group.leader.agents_by_quota() == std::map<std::string, std::uint64_t>{{"r", 1}});
}

// ---- ticks
// -----------------------------------------------------------------------------------------

TEST_CASE_METHOD(Fixture, "a timeout comes on the n-th tick, once") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::timeout_after(3)}));
  group.tick();
  REQUIRE(group.command<Ledger>("a", Add{1})); // keeps what was set, and how far it is
  group.tick();
  CHECK(*group.query<Ledger>("a", Get{}) == 1);
  group.tick();
  CHECK(*group.query<Ledger>("a", Get{}) == 101);
  for (int i = 0; i < 5; ++i)
    group.tick();
  CHECK(*group.query<Ledger>("a", Get{}) == 101);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture,
                 "an order for ticks that makes no sense is one for the next tick, or none") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", SetOnTick{{OnTick::Kind::timeout, 0}}));
  REQUIRE(group.command<Ledger>("b", SetOnTick{{static_cast<OnTick::Kind>(77), 5}}));
  REQUIRE(group.command<Ledger>("b", SetOnTick{{OnTick::Kind::nothing, 5}}));
  group.tick();
  CHECK(*group.query<Ledger>("a", Get{}) == 100);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a timeout may ask for another one, or deactivate") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Append{"again"}));
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::timeout_after(1)}));
  REQUIRE(group.command<Ledger>("b", Append{"leaves"}));
  REQUIRE(group.command<Ledger>("b", SetOnTick{OnTick::timeout_after(2)}));
  for (int i = 0; i < 5; ++i)
    group.tick();
  CHECK(*group.query<Ledger>("a", Get{}) == 300);
  CHECK(group.query<Ledger>("b", Get{}).outcome() == Outcome::agent_not_found);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture, "a timeout that throws changes nothing, says so, and comes again") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", Append{"fails"}));
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::timeout_after(1)}));
  const Answer answer = group.apply(AgentGroup::tick_item(std::vector<Id>{}));
  CHECK(answer.text == "q/ledger/a: no time");
  CHECK(*group.query<Ledger>("a", Get{}) == 0);
  CHECK(group.apply(AgentGroup::tick_item(std::vector<Id>{})).text == "q/ledger/a: no time");
}

TEST_CASE_METHOD(Fixture, "an effect of a timeout is given the agreed time") {
  std::vector<std::int64_t> seen;
  ledger->after_timeout([&](const AfterTimeout<Ledger>& x) {
    seen = {x.before->sum, static_cast<std::int64_t>(x.now.ms), x.after->sum};
  });
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::timeout_after(1)}));
  group.tick();
  REQUIRE(group.effects.size() == 1);
  group.effects[0]();
  CHECK(seen == std::vector<std::int64_t>{0, 1'000'000, 100});
}

TEST_CASE_METHOD(Fixture, "an idle agent goes after n ticks; commands and queries keep it") {
  TwoReplicas group(types);
  const SetOnTick set{OnTick::deactivate_after_idle(2)};
  REQUIRE(group.command<Ledger>("commanded", set));
  REQUIRE(group.command<Ledger>("asked", set));
  REQUIRE(group.command<Ledger>("idle", set));
  REQUIRE(group.command<Ledger>("without", Add{1}));
  for (int i = 0; i < 6; ++i) {
    REQUIRE(group.command<Ledger>("commanded", Add{1})); // keeps what was set, and begins anew
    REQUIRE(group.query<Ledger>("asked", Get{}));
    CHECK(group.leader.has({"q", "ledger", "idle"}) == (i < 2));
    group.tick();
  }
  CHECK(group.leader.has({"q", "ledger", "commanded"}));
  CHECK(group.leader.has({"q", "ledger", "asked"}));
  group.tick();
  CHECK_FALSE(group.leader.has({"q", "ledger", "commanded"}));
  CHECK(group.leader.has({"q", "ledger", "without"}));
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(Fixture,
                 "a new leader, which does not know who was asked, deactivates nobody early") {
  TwoReplicas group(types);
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::deactivate_after_idle(1)}));
  static_cast<void>(group.apply(AgentGroup::tick_item(std::nullopt)));
  CHECK(group.leader.agents() == 0); // one tick without: as if it was asked just before the tick
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::deactivate_after_idle(2)}));
  group.tick();
  static_cast<void>(group.apply(AgentGroup::tick_item(std::nullopt)));
  CHECK(group.leader.agents() == 1);
  group.tick();
  CHECK(group.leader.agents() == 0);
}

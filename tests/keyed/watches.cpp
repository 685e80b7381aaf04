#include "libstos/service/keyed/watches.hpp"

#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

/// A group with its agents, and somebody who watches some of them.
struct WatchedGroup {
  WatchedGroup() {
    add_all(types);
    group.emplace(types);
    for (std::uint64_t node = 1; node <= 3; ++node)
      static_cast<void>(table.apply(GroupTable::node_item({node}, ""), {}, {}, nullptr));
    static_cast<void>(table.apply(GroupTable::begin_item(3), {}, {}, nullptr));
    static_cast<void>(table.apply(GroupTable::transfer_done_item(1), {}, {}, nullptr));
    const Transfer all{1, Range::all(), {}, {3}};
    apply(AgentGroup::adopt_item(all, 0, true, AgentGroup::empty_piece()));
  }

  static Id id(const std::string& key) { return {"q", "ledger", key}; }
  void apply(const std::vector<std::byte>& item) {
    REQUIRE(group->apply(item, {{++index}, 0}, now, nullptr).outcome == Outcome::done);
  }
  template <class C>
  void tell(const std::string& key, const C& command) {
    const Stamp stamp{{now, 1}, ++sequence, sequence};
    apply(AgentGroup::command_item(stamp, Activation::allowed,
                                   command_call<Ledger>("q", key, command)));
  }
  std::vector<Watches::Ended> look() {
    const auto asks = watches.to_ask(table);
    if (asks.empty())
      return {};
    REQUIRE(asks.size() == 1);
    REQUIRE(asks.begin()->first == raft::GroupId{3});
    return watches.hear(asks.begin()->second, seen(asks.begin()->second));
  }
  Answer seen(const Watches::Look& look) {
    return group->query(AgentGroup::lives_query(look.ids), nullptr);
  }
  AgentGroup::Gone end_of(const std::string& key) {
    const auto ended = look();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].id == id(key));
    CHECK(ended[0].watchers == std::set<Watches::Watcher>{1});
    CHECK(look().empty());
    return ended[0].why;
  }

  AgentTypes types;
  std::optional<AgentGroup> group;
  GroupTable table;
  Watches watches;
  Time now{1'000'000};
  std::uint64_t index = 0;
  std::uint64_t sequence = 0;
};

} // namespace

TEST_CASE_METHOD(WatchedGroup, "the end of a watched agent is found, with why") {
  using enum AgentGroup::Gone;
  for (const char* const key : {"a", "b", "c", "d"}) {
    tell(key, Add{1});
    watches.add(id(key), 1, false);
  }
  CHECK(look().empty());
  CHECK(look().empty());
  tell("a", Leave{});
  CHECK(end_of("a") == by_itself);
  tell("b", SetOnTick{OnTick::deactivate_after_idle(1)});
  apply(AgentGroup::tick_item(std::vector<Id>{}));
  CHECK(end_of("b") == idle);
  tell("c", Leave{});
  tell("c", Add{1}); // another life
  CHECK(end_of("c") == by_itself);
  apply(AgentGroup::remove_quota_item("q"));
  CHECK(end_of("d") == quota_is_not);
  CHECK(watches.empty());
}

TEST_CASE_METHOD(WatchedGroup, "an agent that is not there yet is waited for") {
  watches.add(id("a"), 1, false);
  CHECK(look().empty());
  tell("a", Add{1});
  CHECK(look().empty());
  tell("a", Leave{});
  CHECK(end_of("a") == AgentGroup::Gone::by_itself);
  // It has answered its watcher, so it was there.
  watches.add(id("b"), 1, false);
  watches.add(id("b"), 1, true);
  CHECK(end_of("b") == AgentGroup::Gone::unknown);
}

TEST_CASE_METHOD(WatchedGroup, "nothing is said while a group has no agents or no answer") {
  tell("a", Add{1});
  watches.add(id("a"), 1, true);
  CHECK(look().empty());
  const Watches::Look next{100, {id("a")}, {true}};
  CHECK(watches.hear(next, Answer::refused(Outcome::timeout)).empty());
  AgentGroup elsewhere(types);
  CHECK(watches.hear(next, elsewhere.query(AgentGroup::lives_query(next.ids), nullptr)).empty());
  watches.remove(2);
  CHECK_FALSE(watches.empty());
  watches.remove(1);
  CHECK(watches.empty());
}

TEST_CASE_METHOD(WatchedGroup, "a life goes with its agent, to other replicas and groups") {
  tell("a", Add{1});
  watches.add(id("a"), 1, false);
  CHECK(look().empty());
  const std::vector<std::byte> image = group->snapshot();
  group.emplace(types);
  REQUIRE(group->restore(image));
  CHECK(look().empty());
  tell("a", Add{1});
  CHECK(look().empty());
}

TEST_CASE_METHOD(WatchedGroup, "what was asked before an agent came does not say that it is gone") {
  watches.add(id("a"), 1, false);
  const Watches::Look early = watches.to_ask(table).begin()->second;
  const Answer not_there = seen(early);
  tell("a", Add{1});
  watches.add(id("a"), 1, true);
  CHECK(watches.hear(early, not_there).empty());
  CHECK(look().empty());
  CHECK(watches.hear(early, not_there).empty()); // late
  tell("a", Leave{});
  CHECK(end_of("a") == AgentGroup::Gone::by_itself);
}

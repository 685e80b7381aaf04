#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

constexpr std::uint64_t middle = std::uint64_t{1} << 63;
constexpr Range upper{middle, ~std::uint64_t{0}};

struct Fixture {
  Fixture() {
    add_all(types);
    for (int i = 0; i < 20; ++i)
      REQUIRE(giver.command<Ledger>(std::to_string(i), Add{i}));
  }

  static std::string key_in(Range range) {
    for (int i = 0;; ++i)
      if (range.contains(hash_of({"q", "ledger", std::to_string(i)})))
        return std::to_string(i);
  }

  Answer seal() { return giver.apply(AgentGroup::seal_item(split)); }
  Answer adopt(std::size_t piece) {
    const auto pieces = giver.leader.pieces(50);
    return taker.apply(
        AgentGroup::adopt_item(split, piece, piece + 1 == pieces.size(), pieces[piece]));
  }
  void hand_over() {
    static_cast<void>(seal());
    const std::size_t pieces = giver.leader.pieces(50).size();
    for (std::size_t i = 0; i < pieces; ++i)
      static_cast<void>(adopt(i));
    static_cast<void>(giver.apply(AgentGroup::release_item(split.id)));
  }

  AgentTypes types;
  TwoReplicas giver{types};
  TwoReplicas taker{types, {}, false};
  const Transfer split{5, upper, {7}, {8}};
  const std::string above = key_in(upper);
  const std::string below = key_in({0, middle - 1});
};

} // namespace

TEST_CASE_METHOD(Fixture,
                 "a range that is sealed belongs to no group until the other one has all of it") {
  CHECK(seal().outcome == Outcome::done);
  CHECK(giver.command<Ledger>(above, Add{1}).outcome() == Outcome::moved);
  CHECK(giver.query<Ledger>(above, Get{}).outcome() == Outcome::moved);
  CHECK(giver.command<Ledger>(below, Add{1}));
  const std::size_t pieces = giver.leader.pieces(50).size();
  REQUIRE(pieces > 3);
  for (std::size_t i = 0; i < pieces; ++i) {
    CHECK(taker.command<Ledger>(above, Add{1}).outcome() == Outcome::moved);
    CHECK(adopt(i).outcome == (i + 1 < pieces ? Outcome::try_later : Outcome::done));
  }
  CHECK(*taker.query<Ledger>(above, Get{}) == std::stoi(above));
  CHECK(taker.query<Ledger>(below, Get{}).outcome() == Outcome::moved);
  CHECK(giver.apply(AgentGroup::release_item(split.id)).outcome == Outcome::done);
  CHECK(giver.leader.agents() + taker.leader.agents() == 20);
  CHECK(giver.command<Ledger>(above, Add{1}).outcome() == Outcome::moved);
  CHECK_FALSE((giver.differ || taker.differ));
}

TEST_CASE_METHOD(Fixture, "pieces that come twice, late or in another order change nothing") {
  static_cast<void>(seal());
  const std::size_t pieces = giver.leader.pieces(50).size();
  CHECK(adopt(1).number == 0); // the first one is wanted
  CHECK(adopt(0).number == 1);
  CHECK(adopt(0).number == 1);
  CHECK(adopt(2).number == 1);
  for (std::size_t i = 1; i < pieces; ++i)
    static_cast<void>(adopt(i));
  const auto state = taker.leader.snapshot();
  CHECK(adopt(0).outcome == Outcome::done);
  CHECK(adopt(pieces - 1).outcome == Outcome::done);
  CHECK(taker.leader.snapshot() == state);
  CHECK_FALSE((giver.differ || taker.differ));
}

TEST_CASE_METHOD(Fixture, "seals and pieces of transfers that are over change nothing") {
  const auto pieces_of_old = [&] {
    static_cast<void>(seal());
    return giver.leader.pieces(1 << 20);
  }();
  hand_over();
  const Transfer back{6, upper, {8}, {7}};
  static_cast<void>(taker.apply(AgentGroup::seal_item(back)));
  const auto pieces = taker.leader.pieces(1 << 20);
  for (std::size_t i = 0; i < pieces.size(); ++i)
    static_cast<void>(
        giver.apply(AgentGroup::adopt_item(back, i, i + 1 == pieces.size(), pieces[i])));
  static_cast<void>(taker.apply(AgentGroup::release_item(back.id)));
  REQUIRE(giver.command<Ledger>(above, Add{1000}));
  static_cast<void>(seal()); // late copies
  for (std::size_t i = 0; i < pieces_of_old.size(); ++i)
    static_cast<void>(taker.apply(
        AgentGroup::adopt_item(split, i, i + 1 == pieces_of_old.size(), pieces_of_old[i])));
  static_cast<void>(giver.apply(AgentGroup::release_item(split.id)));
  CHECK(*giver.query<Ledger>(above, Get{}) == std::stoi(above) + 1000);
  CHECK(taker.leader.agents() == 0);
  CHECK(taker.leader.ranges().empty());
  CHECK(giver.leader.ranges() == std::vector<Range>{Range::all()});
}

TEST_CASE_METHOD(Fixture,
                 "a command that was done before a transfer is known to the taking group") {
  const Stamp stamp{{giver.now, 9}, 1, 1};
  const Call add = command_call<Ledger>("q", above, Add{1});
  const Answer answer = giver.send(stamp, add);
  hand_over();
  CHECK(taker.send(stamp, add) == answer);
  CHECK(*taker.query<Ledger>(above, Get{}) == std::stoi(above) + 1);
}

TEST_CASE_METHOD(Fixture, "time does not go back where an agent changes its group") {
  giver.now.ms += 5'000;
  REQUIRE(giver.command<Ledger>(above, Add{1}));
  hand_over();
  taker.now.ms = giver.now.ms - 1'000;
  const auto asked = taker.command<Ledger>(above, AskContext{});
  REQUIRE(asked);
  CHECK(asked->now_ms == giver.now.ms);
}

TEST_CASE_METHOD(Fixture, "no time passes for agents of a sealed range, and timers go along") {
  REQUIRE(giver.command<Ledger>(above, SetOnTick{OnTick::timeout_after(2)}));
  giver.tick();
  static_cast<void>(seal());
  giver.tick();
  giver.tick();
  hand_over();
  CHECK(*taker.query<Ledger>(above, Get{}) == std::stoi(above));
  taker.tick();
  CHECK(*taker.query<Ledger>(above, Get{}) == std::stoi(above) + 100);
  CHECK_FALSE((giver.differ || taker.differ));
}

TEST_CASE_METHOD(Fixture, "the middle parts the agents of a group into halves") {
  const std::optional<std::uint64_t> at = giver.leader.middle();
  REQUIRE(at);
  std::size_t above_it = 0;
  for (const Id& id : giver.leader.ids())
    above_it += hash_of(id) >= *at ? 1 : 0;
  CHECK(above_it == 10);
  TwoReplicas one(types);
  REQUIRE(one.command<Ledger>("a", Add{1}));
  CHECK_FALSE(one.leader.middle());
}

TEST_CASE_METHOD(Fixture, "what is no snapshot, item or query of a group is refused") {
  std::vector<std::byte> bytes = giver.leader.snapshot();
  AgentGroup other(types);
  CHECK(other.restore(bytes));
  bytes.pop_back();
  CHECK_FALSE(other.restore(bytes));
  CHECK(other.snapshot() == giver.leader.snapshot()); // as it was
  bytes[0] = std::byte{99};
  CHECK_FALSE(other.restore(bytes));
  const AgentTypes none;
  AgentGroup without_types(none);
  CHECK_FALSE(without_types.restore(giver.leader.snapshot()));
  CHECK(giver.apply({}).outcome == Outcome::bad_request);
  CHECK(giver.apply({std::byte{77}}).outcome == Outcome::bad_request);
  CHECK(giver.leader.query(std::vector<std::byte>(2), nullptr).outcome == Outcome::bad_request);
}

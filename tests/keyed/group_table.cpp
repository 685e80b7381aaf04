#include "libstos/service/keyed/group_table.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace stos;
using namespace stos::keyed;

namespace {

constexpr std::uint64_t middle = std::uint64_t{1} << 63;

/// Another replica gets the same items; it has to become the same.
struct Fixture {
  Fixture() {
    for (std::uint64_t node = 1; node <= 5; ++node)
      REQUIRE(apply(GroupTable::node_item({node}, "")));
    REQUIRE(apply(GroupTable::begin_item(3)));
  }

  bool apply(const std::vector<std::byte>& item) {
    const Answer answer = table.apply(item, {}, {}, nullptr);
    CHECK(other.apply(item, {}, {}, nullptr) == answer);
    CHECK(other.restore(table.snapshot()));
    CHECK(other.snapshot() == table.snapshot());
    return answer.outcome == Outcome::done;
  }

  GroupTable table;
  GroupTable other;
  const raft::GroupId first{3};
  const raft::GroupId second{4};
};

std::map<raft::NodeId, std::string> nodes(std::uint64_t count) {
  std::map<raft::NodeId, std::string> zones;
  for (std::uint64_t node = 1; node <= count; ++node)
    zones[{node}];
  return zones;
}

} // namespace

TEST_CASE_METHOD(Fixture, "the first group gets all agents, and the quotas have one of their own") {
  CHECK(table.find(GroupTable::quota_group)->kind == TableGroup::Kind::quotas);
  CHECK_FALSE(table.group_of(7)); // nothing is owned before the transfer is over
  REQUIRE(table.transfers().size() == 1);
  CHECK(table.transfers()[0] == Transfer{1, Range::all(), {}, first});
  REQUIRE(apply(GroupTable::transfer_done_item(1)));
  CHECK(table.group_of(7) == first);
  CHECK(table.group_of(~std::uint64_t{0}) == first);
  CHECK(table.find(first)->replicas.size() == 3);
  CHECK_FALSE(apply(GroupTable::begin_item(3))); // once
}

TEST_CASE_METHOD(Fixture,
                 "a split makes a new group, which gets its range when the transfer is over") {
  REQUIRE(apply(GroupTable::transfer_done_item(1)));
  REQUIRE(apply(GroupTable::split_item(first, middle, 3)));
  CHECK(table.group_of(middle) == first);
  CHECK(*table.transfer_of(second) == Transfer{2, {middle, Range::all().last}, first, second});
  CHECK_FALSE(apply(GroupTable::split_item(first, 5, 3))); // one at a time
  REQUIRE(apply(GroupTable::transfer_done_item(2)));
  CHECK(table.group_of(middle - 1) == first);
  CHECK(table.group_of(middle) == second);
  CHECK(table.next_to(first) == second);
  CHECK_FALSE(table.next_to(second));
  CHECK_FALSE(apply(GroupTable::transfer_done_item(2)));
}

TEST_CASE_METHOD(Fixture, "a split where there is nothing to be parted changes nothing") {
  CHECK_FALSE(apply(GroupTable::split_item(first, middle, 3))); // it owns nothing yet
  REQUIRE(apply(GroupTable::transfer_done_item(1)));
  CHECK_FALSE(apply(GroupTable::split_item(first, 0, 3)));
  CHECK_FALSE(apply(GroupTable::split_item(GroupTable::quota_group, middle, 3)));
  CHECK_FALSE(apply(GroupTable::split_item({99}, middle, 3)));
  REQUIRE(apply(GroupTable::split_item(first, middle, 3)));
  REQUIRE(apply(GroupTable::transfer_done_item(2)));
  CHECK_FALSE(apply(GroupTable::split_item(first, middle, 3))); // not its own any more
}

TEST_CASE_METHOD(Fixture,
                 "neighbours are merged either way, and the giving group is gone for good") {
  REQUIRE(apply(GroupTable::transfer_done_item(1)));
  REQUIRE(apply(GroupTable::split_item(first, middle, 3)));
  REQUIRE(apply(GroupTable::transfer_done_item(2)));
  const auto from = GENERATE(3, 4);
  const raft::GroupId giver{static_cast<std::uint64_t>(from)};
  const raft::GroupId taker{static_cast<std::uint64_t>(7 - from)};
  CHECK_FALSE(apply(GroupTable::merge_item(giver, giver)));
  REQUIRE(apply(GroupTable::merge_item(giver, taker)));
  CHECK_FALSE(table.is_gone(giver));
  REQUIRE(apply(GroupTable::transfer_done_item(3)));
  CHECK(table.is_gone(giver));
  CHECK(table.group_of(0) == taker);
  CHECK(table.group_of(~std::uint64_t{0}) == taker);
  CHECK_FALSE(table.is_gone({99})); // it may come
}

TEST_CASE_METHOD(Fixture, "what is no item or snapshot of the table is refused") {
  CHECK_FALSE(apply({}));
  CHECK_FALSE(apply({std::byte{77}}));
  CHECK_FALSE(apply(GroupTable::remove_node_item({99})));
  std::vector<std::byte> bytes = table.snapshot();
  bytes.pop_back();
  CHECK_FALSE(table.restore(bytes));
}

TEST_CASE("a node that comes or goes moves only what it has") {
  int moved = 0;
  for (std::uint64_t group = 1; group <= 300; ++group) {
    const auto before = place({group}, nodes(5), 3);
    auto after = place({group}, nodes(6), 3);
    CHECK(before.size() == 3);
    CHECK(std::set<raft::NodeId>(before.begin(), before.end()).size() == 3);
    if (after == before)
      continue;
    ++moved;
    const auto newcomer = std::find(after.begin(), after.end(), raft::NodeId{6});
    REQUIRE(newcomer != after.end());
    after.erase(newcomer);
    CHECK(after == std::vector<raft::NodeId>(before.begin(), before.begin() + 2));
  }
  CHECK(moved > 100); // half of them
  CHECK(moved < 200);
}

TEST_CASE("the leads are spread over all nodes") {
  std::map<raft::NodeId, int> leads;
  for (std::uint64_t group = 1; group <= 500; ++group)
    ++leads[place({group}, nodes(5), 3)[0]];
  for (const auto& [node, count] : leads)
    CHECK(count > 60);
  CHECK(leads.size() == 5);
}

TEST_CASE("no zone has two replicas while another one has none") {
  const std::map<raft::NodeId, std::string> zones = {{{1}, "a"}, {{2}, "a"}, {{3}, "a"},
                                                     {{4}, "b"}, {{5}, "c"}, {{6}, "c"}};
  for (std::uint64_t group = 1; group <= 100; ++group) {
    std::map<std::string, int> replicas;
    for (const raft::NodeId node : place({group}, zones, 4))
      ++replicas[zones.at(node)];
    CHECK(replicas.size() == 3);
    CHECK(replicas["b"] == 1);
  }
  CHECK(place({1}, zones, 9).size() == 6);
}

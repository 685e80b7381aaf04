#include "libstos/base/ids.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace stos;

namespace {

bool all_distinct(std::vector<std::uint64_t>& ids) {
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) == ids.end();
}

} // namespace

TEST_CASE("initial agents count from 1, and 0 is outside of the simulation") {
  CHECK(AgentId::outside().value == 0);
  CHECK(AgentId::initial(0).value == 1);
  CHECK(AgentId::initial(41).value == 42);
  CHECK(AgentId::outside() < AgentId::initial(0));
}

TEST_CASE("the top bit tells children from initial agents") {
  CHECK_FALSE(AgentId::outside().is_child());
  CHECK_FALSE(AgentId::initial(1'000'000'000'000).is_child());
  for (std::uint64_t birth = 0; birth < 1000; ++birth) {
    const AgentId child = AgentId::child(AgentId::initial(birth / 10), birth);
    REQUIRE(child.is_child());
    REQUIRE(AgentId::child(child, birth).is_child());
  }
}

TEST_CASE("a million children of one agent have different ids") {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t birth = 0; birth < 1'000'000; ++birth)
    ids.push_back(AgentId::child(AgentId::initial(0), birth).value);
  CHECK(all_distinct(ids));
}

TEST_CASE("a million births in ten generations give different ids") {
  std::vector<std::uint64_t> ids;
  AgentId ancestor = AgentId::initial(0);
  for (int generation = 0; generation < 10; ++generation) {
    for (std::uint64_t parent = 0; parent < 1000; ++parent)
      for (std::uint64_t birth = 0; birth < 100; ++birth)
        ids.push_back(AgentId::child({ancestor.value + parent}, birth).value);
    ancestor = AgentId::child(ancestor, 12345);
  }
  CHECK(all_distinct(ids));
}

TEST_CASE("an id depends on parent and birth count alone, the same on every machine") {
  CHECK(AgentId::child(AgentId::initial(0), 0).value == 0xd9bf17d113f38956u);
  CHECK(AgentId::child(AgentId::initial(6), 3).value == 0xc691f41296f21f08u);
}

#include "libstos/cluster/wire/name_table.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace stos;
using namespace stos::detail;

namespace {

// Names that are neighbours, and some that are not.
AgentId random_agent(RandomStream& random) {
  const AgentId agent = AgentId::initial(random.below(60));
  return random.bernoulli(0.3) ? AgentId::child(agent, random.below(3)) : agent;
}

} // namespace

TEST_CASE("a table of names knows what was put into it and not taken out again") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    NameTable<ChannelName, std::uint32_t> table;
    std::map<std::pair<AgentId, ChannelNumber>, std::uint32_t> wanted;
    const double put_chance = random.uniform(0.3, 0.7);
    for (std::uint32_t step = 1; step <= 2'000; ++step) {
      const ChannelName name{random_agent(random), ChannelNumber{random.below(20)}};
      const auto found = wanted.find({name.source, name.number});
      const std::uint32_t known = found == wanted.end() ? 0 : found->second;
      REQUIRE(table.find(name) == known);
      if (random.bernoulli(put_chance)) {
        table.put(name, step);
        wanted[{name.source, name.number}] = step;
      } else {
        REQUIRE(table.take(name) == known);
        wanted.erase({name.source, name.number});
      }
      REQUIRE(table.size() == wanted.size());
    }
    table.for_each([&](ChannelName name, std::uint32_t value) {
      REQUIRE(wanted.at({name.source, name.number}) == value);
      wanted.erase({name.source, name.number});
    });
    CHECK(wanted.empty());
  }
}

TEST_CASE("a table of names is found empty after all has been taken, however large it was") {
  NameTable<AgentId, std::uint64_t> table;
  constexpr std::uint64_t agents = 100'000;
  table.reserve(agents);
  for (std::uint64_t i = 0; i < agents; ++i)
    table.put(AgentId::initial(i), i + 1);
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < agents; ++i)
    wrong += table.take(AgentId::initial(i)) == i + 1 ? 0 : 1;
  CHECK(wrong == 0);
  CHECK(table.empty());
  CHECK(table.find(AgentId::initial(7)) == 0);
  CHECK(table.take(AgentId::initial(7)) == 0);
}

#include "libstos/base/digest.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <vector>

using namespace stos;

namespace {

EventRecord random_event(RandomStream& random) {
  return {random.uniform(0, 100), AgentId::initial(random.below(10)),
          ChannelNumber{random.below(4)}, random.below(1000)};
}

EventDigest digest_of(const std::vector<EventRecord>& events) {
  EventDigest digest;
  for (const EventRecord& event : events)
    digest.add(event);
  return digest;
}

} // namespace

TEST_CASE("texts hash to XXH3, with the same value everywhere") {
  CHECK(hash_text("") == 0x2d06800538d394c2u);
  CHECK(hash_text("spacetime") == 0x34da401d814728c6u);
  CHECK(hash_text("spacetime") != hash_text("spacetimf"));
}

TEST_CASE("bytes hash to XXH3, with the same value everywhere") {
  constexpr std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  CHECK(hash_bytes(bytes, 0) == 0xebce9b7632ae733bu);
  CHECK(hash_bytes(bytes, 1) == 0x2581b379a7200e75u);
}

TEST_CASE("the digest of an agent depends on each field of each event") {
  const EventRecord base{1.5, AgentId::initial(1), ChannelNumber{2}, 3};
  std::vector<EventRecord> variants(5, base);
  variants[1].absorption_time = 1.5000000000000002;
  variants[2].source = AgentId::initial(2);
  variants[3].channel = ChannelNumber{3};
  variants[4].sequence = 4;
  std::set<std::uint64_t> values{EventDigest{}.value()};
  for (const EventRecord& event : variants)
    values.insert(digest_of({event}).value());
  CHECK(values.size() == 6);
}

TEST_CASE("the digest of an agent depends on the order of its events") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 1000; ++i) {
    const EventRecord a = random_event(random);
    const EventRecord b = random_event(random);
    REQUIRE(digest_of({a, b}).value() != digest_of({b, a}).value());
    REQUIRE(digest_of({a, a}).value() != digest_of({a}).value());
  }
}

TEST_CASE("the digest of a run does not depend on the order or the place in which agents end") {
  const std::uint64_t seed = 2;
  INFO("seed " << seed);
  RandomStream random(seed);
  std::vector<std::pair<AgentId, EventDigest>> agents;
  for (std::uint64_t i = 0; i < 50; ++i)
    agents.emplace_back(AgentId::initial(i), digest_of({random_event(random)}));
  RunDigest whole;
  for (const auto& [id, events] : agents)
    whole.add(id, events);

  for (int i = 0; i < 20; ++i) {
    std::shuffle(agents.begin(), agents.end(), random);
    RunDigest first;
    RunDigest second;
    for (const auto& [id, events] : agents)
      (random.bernoulli(0.5) ? first : second).add(id, events);
    first.add(second);
    REQUIRE(first.value() == whole.value());
  }
}

TEST_CASE("the digest of a run tells which agent had which events") {
  RandomStream random(3);
  const EventDigest x = digest_of({random_event(random)});
  const EventDigest y = digest_of({random_event(random)});
  RunDigest one;
  one.add(AgentId::initial(0), x);
  one.add(AgentId::initial(1), y);
  RunDigest exchanged;
  exchanged.add(AgentId::initial(0), y);
  exchanged.add(AgentId::initial(1), x);
  RunDigest fewer;
  fewer.add(AgentId::initial(0), x);
  CHECK(one.value() != exchanged.value());
  CHECK(one.value() != fewer.value());

  RunDigest with_idle = one;
  with_idle.add(AgentId::initial(2), EventDigest{});
  CHECK(with_idle.value() != one.value());
}

TEST_CASE("digests keep their values from release to release") {
  const EventRecord event{1.5, AgentId::initial(1), ChannelNumber{2}, 3};
  CHECK(digest_of({event}).value() == 0x3bdc2f5ca043f6deu);
  CHECK(digest_of({event, event}).value() == 0xaa855489171f9756u);
  RunDigest run;
  CHECK(run.to_string() == "0000000000000000");
  run.add(AgentId::initial(0), digest_of({event}));
  CHECK(run.to_string() == "f4ed0fc34ef710f6");
}

#include "tests/support/random_world.hpp"
#include "tests/support/shuffled_domains.hpp"
#include "tests/support/unusual_world.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::test;

namespace {

void require_equal(const RunSummary& a, const RunSummary& b) {
  REQUIRE(a.digest.to_string() == b.digest.to_string());
  REQUIRE(a.value_digest().to_string() == b.value_digest().to_string());
  REQUIRE(a.absorbed == b.absorbed);
  REQUIRE(a.sent == b.sent);
  REQUIRE(a.in_flight == b.in_flight);
  REQUIRE(a.dropped == b.dropped);
  REQUIRE(a.agents_born == b.agents_born);
  REQUIRE(a.agents_died == b.agents_died);
}

} // namespace

TEST_CASE("a random world has one outcome, however its domains are interleaved") {
  std::uint64_t events = 0;
  for (std::uint64_t seed = 1; seed <= 250; ++seed) {
    INFO("world seed " << seed);
    const WorldPlan plan = plan_of(seed);
    const RunSummary oracle = run_random_world<ShuffledDomains>(plan);
    REQUIRE(oracle.sent == oracle.absorbed + oracle.in_flight + oracle.dropped);
    events += oracle.absorbed;
    for (const std::size_t domains : {1u, 2u, 3u, 7u}) {
      INFO("domains " << domains);
      require_equal(oracle, run_random_world(plan, {}, ShuffledDomains(domains, seed + domains)));
    }
  }
  CHECK(events > 100'000);
}

TEST_CASE("agents that are divided anew again and again change no outcome") {
  for (std::uint64_t seed = 1; seed <= 250; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0); // later on, some worlds explode
    const RunSummary oracle = run_random_world<ShuffledDomains>(plan);
    for (const std::size_t domains : {2u, 5u}) {
      INFO("domains " << domains);
      require_equal(oracle,
                    run_random_world(plan, {}, ShuffledDomains(domains, seed + domains, 0.02)));
    }
  }
}

TEST_CASE("an unusual world has one outcome, however its domains are interleaved") {
  std::uint64_t events = 0;
  std::uint64_t reports = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    const RunSummary oracle = run_unusual_world<ShuffledDomains>(plan);
    REQUIRE(oracle.sent == oracle.absorbed + oracle.in_flight + oracle.dropped);
    events += oracle.absorbed;
    reports += oracle.reports.all().size();
    for (const std::size_t domains : {1u, 2u, 3u, 7u}) {
      INFO("domains " << domains);
      REQUIRE(outcome_of(run_unusual_world(plan, {}, ShuffledDomains(domains, seed + domains))) ==
              outcome_of(oracle));
    }
  }
  CHECK(events > 50'000);
  CHECK(reports > 10'000);
}

TEST_CASE("unusual worlds that are divided anew again and again keep their outcome") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    const std::string expected = outcome_of(run_unusual_world<ShuffledDomains>(plan));
    for (const std::size_t domains : {2u, 5u}) {
      INFO("domains " << domains);
      REQUIRE(outcome_of(run_unusual_world(
                  plan, {}, ShuffledDomains(domains, seed + domains, 0.02))) == expected);
    }
  }
}

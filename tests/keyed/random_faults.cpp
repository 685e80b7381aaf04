#include "tests/keyed/virtual_cluster.hpp"
#include "tests/support/seeds.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_each = 50;
#else
constexpr std::uint64_t seeds_each = 500;
#endif

} // namespace

TEST_CASE("random faults harm no agent: seeds of the first half") {
  check_seeds(1, seeds_each, run_keyed_seed);
}

TEST_CASE("random faults harm no agent: seeds of the second half") {
  check_seeds(10'001, 10'000 + seeds_each, run_keyed_seed);
}

TEST_CASE("without faults, every command of a virtual cluster is answered") {
  KeyedFaults faults;
  faults.split = 0.05;
  faults.merge = 0.05;
  KeyedCluster cluster(1, faults);
  CHECK(cluster.run(600) == "");
  CHECK(cluster.answered() > 500);
  CHECK(cluster.unanswered() < 100); // before there is a quota, and the last ones
  CHECK(cluster.crashes() == 0);
  CHECK(cluster.transfers() > 5);
  CHECK(cluster.most_groups() > 3);
}

// STOS_TEST_SEEDS=FIRST-LAST test_keyed "[seeds]": as many as there is time for, or one that
// failed.
TEST_CASE("as many seeds of faults as STOS_TEST_SEEDS says", "[.][seeds]") {
  check_wanted_seeds(run_keyed_seed);
}

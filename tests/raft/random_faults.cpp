#include "tests/raft/virtual_nodes.hpp"
#include "tests/support/seeds.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_each = 250;
#else
constexpr std::uint64_t seeds_each = 2'500;
#endif

} // namespace

TEST_CASE("random faults harm no group: seeds of the first quarter") {
  check_seeds(1, seeds_each, run_seed);
}

TEST_CASE("random faults harm no group: seeds of the second quarter") {
  check_seeds(10'001, 10'000 + seeds_each, run_seed);
}

TEST_CASE("random faults harm no group: seeds of the third quarter") {
  check_seeds(20'001, 20'000 + seeds_each, run_seed);
}

TEST_CASE("random faults harm no group: seeds of the last quarter") {
  check_seeds(30'001, 30'000 + seeds_each, run_seed);
}

// STOS_TEST_SEEDS=FIRST-LAST test_raft "[seeds]": as many as there is time for, or one that failed.
TEST_CASE("as many seeds of random faults as STOS_TEST_SEEDS says", "[.][seeds]") {
  check_wanted_seeds(run_seed);
}

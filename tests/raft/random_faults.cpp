#include "tests/raft/virtual_nodes.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace stos;
using namespace stos::test;

namespace {

/// Runs the seeds; a failing one is named with what went wrong.
void check_seeds(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t seed = first; seed <= last; ++seed)
    if (const std::string wrong = run_seed(seed); !wrong.empty())
      FAIL_CHECK("seed " << seed << ": " << wrong);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_each = 250;
#else
constexpr std::uint64_t seeds_each = 2'500;
#endif

} // namespace

TEST_CASE("random faults harm no group: seeds of the first quarter") { check_seeds(1, seeds_each); }

TEST_CASE("random faults harm no group: seeds of the second quarter") {
  check_seeds(10'001, 10'000 + seeds_each);
}

TEST_CASE("random faults harm no group: seeds of the third quarter") {
  check_seeds(20'001, 20'000 + seeds_each);
}

TEST_CASE("random faults harm no group: seeds of the last quarter") {
  check_seeds(30'001, 30'000 + seeds_each);
}

// STOS_TEST_SEEDS=FIRST-LAST test_raft "[seeds]": as many as there is time for, or one that failed.
TEST_CASE("as many seeds of random faults as STOS_TEST_SEEDS says", "[.][seeds]") {
  const char* const text = std::getenv("STOS_TEST_SEEDS");
  const std::string range = text != nullptr ? text : "1-1000000";
  char* end = nullptr;
  const std::uint64_t first = std::strtoull(range.c_str(), &end, 10);
  const std::uint64_t last = *end == '-' ? std::strtoull(end + 1, nullptr, 10) : first;
  check_seeds(first, last);
}

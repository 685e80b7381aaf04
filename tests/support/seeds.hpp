#pragma once

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace stos::test {

/// Runs the seeds; a failing one is named with what `run_seed` says went wrong.
template <class RunSeed>
void check_seeds(std::uint64_t first, std::uint64_t last, const RunSeed& run_seed) {
  for (std::uint64_t seed = first; seed <= last; ++seed)
    if (const std::string wrong = run_seed(seed); !wrong.empty())
      FAIL_CHECK("seed " << seed << ": " << wrong);
}

/// Those of STOS_TEST_SEEDS=FIRST-LAST, or the one of STOS_TEST_SEEDS=SEED; else a million.
template <class RunSeed>
void check_wanted_seeds(const RunSeed& run_seed) {
  const char* const text = std::getenv("STOS_TEST_SEEDS");
  const std::string range = text != nullptr ? text : "1-1000000";
  char* end = nullptr;
  const std::uint64_t first = std::strtoull(range.c_str(), &end, 10);
  const std::uint64_t last = *end == '-' ? std::strtoull(end + 1, nullptr, 10) : first;
  check_seeds(first, last, run_seed);
}

} // namespace stos::test

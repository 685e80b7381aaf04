// Cycles of time.

#include "libstos/model/cycles.hpp"

#include "libstos/base/random.hpp"
#include "libstos/base/usage_error.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace stos;

TEST_CASE("a cycle begins with its first moment, and ends before the next one's") {
  const Cycles tens(10);
  CHECK(tens.of(0) == 0);
  CHECK(tens.of(std::nextafter(10, 0)) == 0);
  CHECK(tens.of(10) == 1);
  CHECK(tens.of(-1e-300) == -1);
  CHECK(Cycles(0.5, 3).of(3.5) == 1);
}

TEST_CASE("each moment is in the one cycle that has begun and has not ended, whatever is rounded") {
  RandomStream random(3);
  for (int i = 0; i < 20'000; ++i) {
    const Cycles cycles(random.uniform(0.001, 3), random.uniform(-1, 1));
    const double begin = cycles.begin_of(random.below(100'000));
    for (const double time :
         {begin, std::nextafter(begin, -1e9), std::nextafter(begin, 1e9), random.uniform(0, 1e5)}) {
      const std::int64_t cycle = cycles.of(time);
      CHECK(cycles.begin_of(cycle) <= time);
      CHECK(time < cycles.begin_of(cycle + 1));
    }
  }
}

TEST_CASE("what is no length or no time of cycles is refused") {
  for (const double length : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(Cycles(length), UsageError);
  CHECK_THROWS_AS(Cycles(1, std::nan("")), UsageError);
  CHECK_THROWS_AS(Cycles(1).of(std::nan("")), UsageError);
  CHECK_THROWS_WITH(Cycles(0.5).of(1e300), Catch::Contains("in which cycle of 0.5 s is 1e+300 s"));
}

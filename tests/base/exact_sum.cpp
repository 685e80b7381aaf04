// Sums of doubles that do not depend on the order.

#include "libstos/base/exact_sum.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

using namespace stos;

namespace {

double sum_of(const std::vector<double>& numbers) {
  ExactSum sum;
  for (const double x : numbers)
    sum.add(x);
  return sum.value();
}

// Of any exponent between these two.
double any_double(RandomStream& random, int from, int to) {
  const double magnitude =
      std::ldexp(random.uniform(1, 2),
                 from + static_cast<int>(random.below(static_cast<std::uint32_t>(to - from + 1))));
  return random.bernoulli(0.5) ? magnitude : -magnitude;
}

} // namespace

TEST_CASE("an exact sum loses nothing") {
  CHECK(sum_of({}) == 0);
  CHECK(sum_of({1e100, 1, -1e100}) == 1);
  CHECK(sum_of({1e308, 1e308, -1e308}) == 1e308);
  CHECK(sum_of({0.1, 0.2, 0.3, -0.1, -0.2, -0.3}) == 0);
  CHECK(sum_of({5e-324, 5e-324, -1e300, 1e300}) == 1e-323);
  CHECK(sum_of({-1, 0x1p-1074}) == -1);
  CHECK(sum_of({-0x1p-1074, 0x1p-1022}) == std::nextafter(0x1p-1022, 0));
  ExactSum many;
  for (int i = 0; i < 100'000; ++i)
    many.add(0.1);
  CHECK(many.value() == std::fma(0.1, 1e5, 0)); // the one rounding of an exact product
}

TEST_CASE("an exact sum is rounded once, of two neighbours to the even one") {
  const double ulp = 0x1p-52;
  CHECK(sum_of({1, ulp / 2}) == 1);
  CHECK(sum_of({1, ulp / 2, 0x1p-1074}) == 1 + ulp);
  CHECK(sum_of({1, ulp, ulp / 2}) == 1 + 2 * ulp);
  CHECK(sum_of({-1, -ulp, -ulp / 2}) == -1 - 2 * ulp);
  CHECK(sum_of({2 - ulp, ulp / 2}) == 2);
  const double most = std::numeric_limits<double>::max();
  CHECK(sum_of({most, most}) == std::numeric_limits<double>::infinity());
  CHECK(sum_of({most, std::ldexp(1, 970)}) == std::numeric_limits<double>::infinity());
  CHECK(sum_of({most, std::ldexp(1, 969)}) == most);
}

TEST_CASE("what is no number counts in any order") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(sum_of({1, infinity}) == infinity);
  CHECK(sum_of({-infinity, 1e308}) == -infinity);
  CHECK(std::isnan(sum_of({infinity, 1, -infinity})));
  CHECK(std::isnan(sum_of({1, std::nan("")})));
}

TEST_CASE("the order of the numbers, and sums of parts, change nothing") {
  RandomStream random(7);
  for (int round = 0; round < 300; ++round) {
    const int spread = round % 3 == 0 ? 2090 : 60, from = round % 3 == 0 ? -1074 : -30;
    std::vector<double> numbers;
    for (std::uint32_t left = 1 + random.below(40); left > 0; --left)
      numbers.push_back(any_double(random, from, from + spread));
    for (std::uint32_t left = random.below(10); left > 0; --left)
      numbers.push_back(-numbers[random.below(static_cast<std::uint32_t>(numbers.size()))]);
    ExactSum whole;
    for (const double x : numbers)
      whole.add(x);
    random.shuffle(numbers);
    ExactSum parts[3];
    for (const double x : numbers)
      parts[random.below(3)].add(x);
    parts[2].add(parts[0]);
    parts[2].add(parts[1]);
    CHECK(parts[2] == whole);
    CHECK(std::bit_cast<std::uint64_t>(parts[2].value()) ==
          std::bit_cast<std::uint64_t>(whole.value()));
    for (const double x : numbers)
      whole.subtract(x);
    CHECK(whole == ExactSum());
  }
}

TEST_CASE("an exact sum of small numbers is that of integers") {
  RandomStream random(11);
  for (int round = 0; round < 200; ++round) {
    ExactSum sum;
    std::int64_t wanted = 0;
    for (int i = 0; i < 50; ++i) {
      const auto x = static_cast<std::int64_t>(random() >> 12) - (std::int64_t{1} << 51);
      sum.add(static_cast<double>(x) * 0x1p-40);
      wanted += x;
    }
    CHECK(sum.value() == static_cast<double>(wanted) * 0x1p-40);
  }
}

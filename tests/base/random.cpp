#include "libstos/base/random.hpp"

#include "libstos/base/portable_math.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>

using namespace stos;

namespace {

constexpr int many = 1'000'000;

struct Moments {
  double mean = 0;
  double variance = 0;
  double skewness = 0;
};

template <class Draw>
Moments moments_of(Draw draw) {
  double sum = 0;
  double sum2 = 0;
  double sum3 = 0;
  for (int i = 0; i < many; ++i) {
    const double x = draw();
    sum += x;
    sum2 += x * x;
    sum3 += x * x * x;
  }
  const double mean = sum / many;
  const double variance = sum2 / many - mean * mean;
  const double third = sum3 / many - 3 * mean * variance - mean * mean * mean;
  return {mean, variance, third / std::pow(variance, 1.5)};
}

double ulp(double x) { return std::nextafter(std::abs(x), INFINITY) - std::abs(x); }

double log_error_in_ulp(double x) {
  const long double exact = std::log(static_cast<long double>(x));
  const double rounded = static_cast<double>(exact);
  return static_cast<double>(std::abs(portable_log(x) - exact)) / ulp(rounded);
}

} // namespace

TEST_CASE("the random stream is SplitMix64") {
  RandomStream zero(0);
  CHECK(zero() == 0xe220a8397b1dcdafu);
  CHECK(zero() == 0x6e789e6aa1b965f4u);
  CHECK(zero() == 0x06c45d188009454fu);

  RandomStream other(1234567);
  CHECK(other() == 6457827717110365317u);
  CHECK(other() == 3203168211198807973u);
  CHECK(other() == 9817491932198370423u);
  CHECK(other() == 4593380528125082431u);
  CHECK(other() == 16408922859458223821u);
}

TEST_CASE("equal seeds give equal streams, and a copy goes on where the original was") {
  RandomStream a(7);
  RandomStream b(7);
  for (int i = 0; i < 100; ++i)
    REQUIRE(a.normal() == b.normal());
  RandomStream copy = a;
  CHECK(copy == a);
  CHECK(copy() == a());
  CHECK(RandomStream(7) != RandomStream(8));
}

TEST_CASE("uniform draws fill [0, 1) evenly") {
  const std::uint64_t seed = 11;
  INFO("seed " << seed);
  RandomStream random(seed);
  double least = 1;
  double greatest = 0;
  const Moments m = moments_of([&] {
    const double x = random.uniform();
    least = std::min(least, x);
    greatest = std::max(greatest, x);
    return x;
  });
  CHECK(least >= 0);
  CHECK(least < 1e-5);
  CHECK(greatest < 1);
  CHECK(greatest > 1 - 1e-5);
  CHECK(m.mean == Approx(0.5).margin(0.002));
  CHECK(m.variance == Approx(1.0 / 12).margin(0.0005));
  CHECK(m.skewness == Approx(0).margin(0.01));
}

TEST_CASE("uniform draws from an interval never reach its upper end, even where it rounds") {
  const double low = 1e16;
  const double high = low + 2; // the next number
  RandomStream random(3);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(random.uniform(low, high) == low);
  for (int i = 0; i < 1000; ++i) {
    const double x = random.uniform(-3, 5);
    REQUIRE(x >= -3);
    REQUIRE(x < 5);
  }
  CHECK(random.uniform(2.5, 2.5) == 2.5);
}

TEST_CASE("small integers are drawn evenly") {
  const std::uint64_t seed = 5;
  INFO("seed " << seed);
  RandomStream random(seed);
  std::array<int, 7> count{};
  for (int i = 0; i < many; ++i)
    ++count[random.below(7)];
  for (const int n : count)
    CHECK(n == Approx(many / 7.0).margin(5 * std::sqrt(many / 7.0)));
  CHECK(random.below(1) == 0);
}

TEST_CASE("exponential draws have the moments of the exponential distribution") {
  const std::uint64_t seed = 21;
  INFO("seed " << seed);
  RandomStream random(seed);
  double least = 1;
  const Moments m = moments_of([&] {
    const double x = random.exponential(2.5);
    least = std::min(least, x);
    return x;
  });
  CHECK(least >= 0);
  CHECK(m.mean == Approx(2.5).margin(0.0125));
  CHECK(m.variance == Approx(6.25).margin(0.1));
  CHECK(m.skewness == Approx(2).margin(0.1));
}

TEST_CASE("normal draws have the moments of the normal distribution") {
  const std::uint64_t seed = 31;
  INFO("seed " << seed);
  RandomStream random(seed);
  int beyond_two = 0;
  const Moments m = moments_of([&] {
    const double x = random.normal();
    beyond_two += std::abs(x) > 2 ? 1 : 0;
    return x;
  });
  CHECK(m.mean == Approx(0).margin(0.005));
  CHECK(m.variance == Approx(1).margin(0.01));
  CHECK(m.skewness == Approx(0).margin(0.015));
  CHECK(beyond_two == Approx(0.0455 * many).margin(1200));
}

TEST_CASE("a draw is true as often as was asked for") {
  RandomStream random(41);
  int yes = 0;
  for (int i = 0; i < many; ++i)
    yes += random.bernoulli(0.3) ? 1 : 0;
  CHECK(yes == Approx(0.3 * many).margin(2500));
  CHECK_FALSE(random.bernoulli(0));
  CHECK(random.bernoulli(1));
}

TEST_CASE("the portable logarithm is within 2 ulp of the exact one") {
  const std::uint64_t seed = 51;
  INFO("seed " << seed);
  RandomStream random(seed);
  double worst = 0;
  double worst_at = 1;
  const auto probe = [&](double x) {
    const double error = log_error_in_ulp(x);
    if (!(error <= worst)) {
      worst = error;
      worst_at = x;
    }
  };
  for (int i = 0; i < 300'000; ++i)
    probe(std::ldexp(random.uniform(0.5, 1), static_cast<int>(random.below(2098)) - 1073));
  for (int i = 0; i < 300'000; ++i)
    probe(1 + (random.bernoulli(0.5) ? 1 : -1) *
                  std::ldexp(random.uniform(), -1 - static_cast<int>(random.below(50))));
  for (int i = 0; i < 300'000; ++i)
    probe(1.0 - random.uniform());
  for (const double x : {0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, 0x1.6a09e667f3bcdp-1,
                         0x1.6a09e667f3bccp-1, 0x1.6a09e667f3bcdp0, 2.0, 0.5})
    probe(x);
  INFO("worst at " << std::hexfloat << worst_at << ": " << std::defaultfloat << worst << " ulp");
  CHECK(worst <= 2);
  CHECK(portable_log(1) == 0);
}

#include "libstos/base/portable_math.hpp"

#include "libstos/base/digest.hpp"
#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>

using namespace stos;

TEST_CASE("sine and cosine are those of the C library, but for a last bit") {
  RandomStream random(1);
  double worst = 0;
  for (const double range : {1e-8, 1.0, 10.0, 1e4, 9e5})
    for (int i = 0; i < 20'000; ++i) {
      const double x = random.uniform(-range, range);
      for (const auto& [ours, theirs] :
           {std::pair(portable_sin(x), std::sin(x)), std::pair(portable_cos(x), std::cos(x))})
        worst = std::max(worst, std::fabs(ours - theirs) / (std::fabs(theirs) + 1e-300));
    }
  CHECK(worst < 0x1p-51);
  CHECK(std::fabs(portable_sin(1e12) - std::sin(1e12)) < 1e-3);
}

TEST_CASE("sine and cosine are exact where they can be") {
  CHECK(portable_sin(0) == 0);
  CHECK(portable_cos(0) == 1);
  CHECK(portable_sin(std::numbers::pi / 2) == 1);
  CHECK(portable_cos(std::numbers::pi) == -1);
  CHECK(std::fabs(portable_sin(std::numbers::pi)) < 2e-16);
}

TEST_CASE("sine and cosine have the same bits everywhere") {
  RandomStream random(2);
  std::uint64_t hash = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double x = random.uniform(-1000, 1000);
    hash = mix64(hash + std::bit_cast<std::uint64_t>(portable_sin(x)));
    hash = mix64(hash + std::bit_cast<std::uint64_t>(portable_cos(x)));
  }
  CHECK(hash == 0x7b5f58fe907cd7b1u);
}

namespace {

// How many units in the last place `ours` is off; long double has eleven bits more.
double ulps_off(double ours, long double exact) {
  const double rounded = std::fabs(static_cast<double>(exact));
  const double ulp = std::nextafter(rounded, std::numeric_limits<double>::infinity()) - rounded;
  return static_cast<double>(std::fabs(ours - exact)) / ulp;
}

} // namespace

TEST_CASE("the portable exponential is within 1 ulp of the exact one") {
  RandomStream random(3);
  double worst = 0;
  for (const double range : {1e-10, 0.4, 10.0, 700.0})
    for (int i = 0; i < 100'000; ++i) {
      const double x = random.uniform(-range, range);
      worst = std::max(worst, ulps_off(portable_exp(x), std::exp(static_cast<long double>(x))));
    }
  CHECK(worst <= 1);
  CHECK(portable_exp(0) == 1);
  CHECK(portable_exp(710) == std::numeric_limits<double>::infinity());
  CHECK(portable_exp(1e300) == std::numeric_limits<double>::infinity());
  CHECK(portable_exp(709.78) < std::numeric_limits<double>::infinity());
  CHECK(portable_exp(-746) == 0);
  CHECK(portable_exp(-745) > 0);
}

TEST_CASE("the portable angle of a point is within 3 ulp of the exact one, in all quarters") {
  RandomStream random(4);
  double worst = 0;
  for (int i = 0; i < 400'000; ++i) {
    const double scale = std::ldexp(1.0, static_cast<int>(random.below(60)) - 30);
    const double y = random.uniform(-1, 1) * scale;
    const double x = random.uniform(-1, 1);
    const long double exact = std::atan2(static_cast<long double>(y), static_cast<long double>(x));
    worst = std::max(worst, ulps_off(portable_atan2(y, x), exact));
  }
  CHECK(worst <= 3);
  CHECK(portable_atan2(0, 0) == 0);
  CHECK(portable_atan2(1, 0) == std::numbers::pi / 2);
  CHECK(portable_atan2(-1, 0) == -std::numbers::pi / 2);
  CHECK(portable_atan2(0, -1) == std::numbers::pi);
  CHECK(portable_atan2(1, 1) == std::numbers::pi / 4);
}

TEST_CASE("log(1 + x) is within 4 ulp of the exact one, also where x is small") {
  RandomStream random(5);
  double worst = 0;
  for (int i = 0; i < 400'000; ++i) {
    const double scale = std::ldexp(1.0, -static_cast<int>(random.below(70)));
    const double x = random.uniform(-1, 1) * scale;
    worst = std::max(worst, ulps_off(portable_log1p(x), std::log1p(static_cast<long double>(x))));
  }
  CHECK(worst <= 4);
  CHECK(portable_log1p(0) == 0);
}

TEST_CASE("powers are exact where they can be, and near elsewhere") {
  CHECK(portable_pow(10, 3) == 1000);
  CHECK(portable_pow(10, 22) == 1e22);
  CHECK(portable_pow(2, -64) == 0x1p-64);
  CHECK(portable_pow(-3, 3) == -27);
  CHECK(portable_pow(0, 0) == 1);
  CHECK(portable_pow(0, 2.5) == 0);
  RandomStream random(6);
  for (int i = 0; i < 100'000; ++i) {
    const double x = random.uniform(0, 100);
    const double y = random.uniform(-20, 20);
    const long double exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    REQUIRE(ulps_off(portable_pow(x, y), exact) < 4 + 2 * std::fabs(y * std::log(x)));
  }
}

TEST_CASE("exponentials, logarithms, powers and angles have the same bits everywhere") {
  RandomStream random(7);
  std::uint64_t hash = 0;
  const auto add = [&hash](double x) { hash = mix64(hash + std::bit_cast<std::uint64_t>(x)); };
  for (int i = 0; i < 100'000; ++i) {
    const double x = random.uniform(0, 50);
    const double y = random.uniform(-10, 10);
    add(portable_exp(y));
    add(portable_log(x));
    add(portable_log1p(x));
    add(portable_pow(x, y));
    add(portable_atan2(y, x - 25));
  }
  CHECK(hash == 0x50c1f0374a5bc0bbu);
}

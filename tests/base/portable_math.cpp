#include "libstos/base/portable_math.hpp"

#include "libstos/base/digest.hpp"
#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
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

#include "libstos/spacetime/trajectory_bytes.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace stos;
using namespace stos::detail;

TEST_CASE("a worldline comes back from its bytes to the last bit") {
  RandomStream random(11);
  for (int i = 0; i < 1000; ++i) {
    const Trajectory sent(
        Point{random.uniform(-1e6, 1e6), random.uniform(-9, 9), -0.0, random.uniform(-9, 9)},
        Velocity<4>(random.uniform(-0.5, 0.5), random.uniform(-0.5, 0.5), 0),
        random.uniform(-9, 9));
    BytesWriter out;
    write_trajectory(sent, out);
    BytesReader in(out.bytes());
    Trajectory got;
    REQUIRE(read_trajectory(in, got));
    CHECK(in.at_end());
    CHECK(got.anchor() == sent.anchor());
    CHECK(std::signbit(got.anchor()[2]));
    CHECK(got.velocity() == sent.velocity());
    CHECK(got.local_time(sent.anchor()[0]) == sent.local_time(sent.anchor()[0]));
  }
}

namespace {

bool is_velocity(const std::array<double, 3>& u) {
  BytesWriter out;
  for (const double x : u)
    out.f64(x);
  BytesReader in(out.bytes());
  Velocity<4> velocity;
  return read_velocity(in, velocity);
}

} // namespace

TEST_CASE("what is no velocity is refused, also a few roundings away from the speed of light") {
  CHECK(is_velocity({0.6, 0, 0.7}));
  CHECK_FALSE(is_velocity({1, 0, 0}));
  CHECK_FALSE(is_velocity({0.8, -0.8, 0}));
  CHECK_FALSE(is_velocity({std::numeric_limits<double>::quiet_NaN(), 0, 0}));

  RandomStream random(5);
  int velocities = 0;
  constexpr int tries = 10'000;
  for (int i = 0; i < tries; ++i) {
    const double a = random.uniform(0, 0.7);
    const double b = random.uniform(0, 0.7);
    const double c = std::sqrt(1 - a * a - b * b) + (random.below(9) - 4.0) * 0x1p-53;
    bool is_one = true;
    try {
      (void)Velocity<4>(a, b, c);
    } catch (const UsageError&) {
      is_one = false;
    }
    CHECK(is_velocity({a, b, c}) == is_one);
    velocities += is_one ? 1 : 0;
  }
  CHECK(velocities > tries / 10);
  CHECK(velocities < tries - tries / 10);
}

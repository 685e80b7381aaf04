#include "libstos/spacetime/trajectory.hpp"

#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::test;

TEST_CASE("a position is the anchor plus velocity times the time since then") {
  const Trajectory path(Point(10, 1, 2, 3), Velocity<4>(0.5, -0.25, 0));
  CHECK(path.position(10) == Point(10, 1, 2, 3));
  CHECK(path.position(14) == Point(14, 3, 1, 3));
  CHECK(path.position(8) == Point(8, 0, 2.5, 3));
}

TEST_CASE("an agent at rest stays in its place") {
  const Trajectory path(Point(0, 1e9, -1e9, 0.1), Velocity<4>());
  CHECK(path.at_rest());
  CHECK(path.position(1e12) == Point(1e12, 1e9, -1e9, 0.1));
  CHECK(path.local_time(7.5) == 7.5);
}

TEST_CASE("a moving clock is slow by gamma") {
  const Trajectory path(Point(100, 0, 0, 0), Velocity<4>(0.6, 0, 0), 7);
  CHECK(path.gamma() == Approx(1.25));
  CHECK(path.local_time(100) == 7);
  CHECK(path.local_time(110) == Approx(15));
  CHECK(path.laboratory_time(15) == Approx(110));
}

TEST_CASE("local time and laboratory time are inverse to each other") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 10'000; ++i) {
    const double scale = log_uniform(random, 1e-6, 1e9);
    const Trajectory path(random_point(random, {}, scale), random_velocity(random),
                          random.uniform(0, scale));
    const double time = path.anchor()[0] + random.uniform(0, scale);
    const double error = std::abs(path.laboratory_time(path.local_time(time)) - time);
    if (!(error <= 16 * 0x1p-53 * path.gamma() * scale))
      FAIL("case " << i << ": off by " << error);
  }
}

TEST_CASE("a worldline that turns is continuous in space and in its own time") {
  const Trajectory before(Point(0, 0, 0, 0), Velocity<4>(0.6, 0, 0), 2);
  const Trajectory after = before.turned(10, Velocity<4>(0, -0.8, 0));
  CHECK(after.anchor() == before.position(10));
  CHECK(after.local_time(10) == before.local_time(10));
  CHECK(after.local_time(10) == Approx(10));
  CHECK(after.velocity() == Velocity<4>(0, -0.8, 0));
  CHECK(after.position(15)[1] == Approx(6));
  CHECK(after.position(15)[2] == Approx(-4));
  CHECK(after.local_time(15) == Approx(13));
}

TEST_CASE("the twin who travels comes back younger") {
  Trajectory traveller(Point(), Velocity<4>(0.8, 0, 0));
  traveller = traveller.turned(5, Velocity<4>(-0.8, 0, 0)).turned(10, Velocity<4>());
  CHECK(traveller.anchor()[1] == Approx(0).margin(1e-15));
  CHECK(traveller.local_time(10) == Approx(6));
}

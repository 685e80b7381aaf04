#include "libstos/spacetime/space.hpp"

#include "libstos/base/usage_error.hpp"
#include "libstos/spacetime/light_cone.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>

using namespace stos;
using namespace stos::test;

namespace {

using Exact = long double;

/// When light from one image of an emission, at `d` from the agent then, meets it.
Exact flight_time(const std::array<Exact, 3>& d, const Velocity<4>& v) {
  Exact slowness = 1;
  Exact along = 0;
  Exact square = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    slowness -= Exact(v[i]) * v[i];
    along += v[i] * d[i];
    square += d[i] * d[i];
  }
  const Exact root = std::sqrt(slowness * square + along * along);
  return along > 0 ? square / (root + along) : (root - along) / slowness;
}

/// The first of all images within `reach` periods of the one that the coordinates name.
Exact first_absorption(const Point& emission, const Trajectory& path, const Space& space,
                       std::array<int, 3> reach) {
  std::array<Exact, 3> d{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(space.period(i) > 0))
      reach[i] = 0;
    d[i] = emission[i + 1] -
           (path.anchor()[i + 1] +
            Exact(path.velocity()[i]) * (Exact(emission[0]) - Exact(path.anchor()[0])));
  }
  Exact first = std::numeric_limits<Exact>::infinity();
  for (int i = -reach[0]; i <= reach[0]; ++i)
    for (int j = -reach[1]; j <= reach[1]; ++j)
      for (int k = -reach[2]; k <= reach[2]; ++k)
        first = std::min(first, flight_time({d[0] + i * Exact(space.period(0)),
                                             d[1] + j * Exact(space.period(1)),
                                             d[2] + k * Exact(space.period(2))},
                                            path.velocity()));
  return std::max(emission[0] + first, Exact(path.anchor()[0]));
}

Errc refusal_of(double x, double y, double z) {
  try {
    (void)Space::torus(x, y, z);
  } catch (const UsageError& error) {
    return error.error().code;
  }
  return Errc::internal;
}

void require_first_image(const Point& emission, const Trajectory& path, const Space& space,
                         std::array<int, 3> reach) {
  const double computed = light_cone::absorption_time(emission, path, space);
  const Exact exact = first_absorption(emission, path, space, reach);
  const double size = std::abs(computed) + magnitude(path.anchor()) + magnitude(emission);
  const double error = static_cast<double>(std::abs(computed - exact));
  if (!(error <= 16 * 0x1p-53 * amplification(path.velocity()) * size))
    FAIL("emitted at " << emission << ", agent from " << path.anchor() << " with "
                       << path.velocity() << ", periods " << space.period(0) << ' '
                       << space.period(1) << ' ' << space.period(2) << ": absorbed at " << computed
                       << " instead of " << exact);
}

} // namespace

TEST_CASE("space is endless unless it is said to be periodic") {
  CHECK_FALSE(Space().periodic());
  CHECK_FALSE(Space::torus(0, 0, 0).periodic());
  CHECK(Space().distance(Point(0, 0, 0, 0), Point(9, 1e6, 0, 0)) == 1e6);
  CHECK(Space().distance(Point(0, 1, 2, 3), Point(5, 4, 6, 3)) == 5);
}

TEST_CASE("on a torus the nearest image counts, along periodic axes only") {
  const Space space = Space::torus(10, 0, 4);
  CHECK(space.periodic());
  CHECK(space.period(1) == 0);
  CHECK(space.distance(Point(0, 1, 0, 0), Point(0, 9, 0, 0)) == 2);
  CHECK(space.distance(Point(0, 0, 1, 0), Point(0, 0, 9, 0)) == 8);
  CHECK(space.distance(Point(0, 0, 0, 0), Point(0, 0, 0, 3)) == 1);
  CHECK(space.distance(Point(0, 0, 0, 0), Point(0, 53, 0, -39)) == Approx(std::sqrt(10.0)));
  CHECK(space.displacement(Point(0, 1, 0, 0), Point(0, 9, 0, 0)) ==
        std::array<double, 3>{-2, 0, 0});
}

TEST_CASE("distances on a torus are symmetric and obey the triangle inequality") {
  const std::uint64_t seed = 1;
  RandomStream random(seed);
  for (int i = 0; i < 50'000; ++i) {
    const Space space = Space::torus(random.uniform(1, 10), random.uniform(1, 10),
                                     random.bernoulli(0.5) ? 0 : random.uniform(1, 10));
    const Point a = random_point(random, {}, 30);
    const Point b = random_point(random, {}, 30);
    const Point c = random_point(random, {}, 30);
    const double ab = space.distance(a, b);
    if (!(std::abs(ab - space.distance(b, a)) < 1e-13 &&
          ab <= space.distance(a, c) + space.distance(c, b) + 1e-13))
      FAIL("seed " << seed << ", case " << i << ": " << a << b << c);
  }
}

TEST_CASE("a period must be positive or 0") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-1.0, -1e-300, std::numeric_limits<double>::infinity(), nan}) {
    CHECK(refusal_of(bad, 0, 0) == Errc::bad_argument);
    CHECK(refusal_of(1, bad, 0) == Errc::bad_argument);
    CHECK(refusal_of(1, 1, bad) == Errc::bad_argument);
  }
}

TEST_CASE("a resting agent on a torus absorbs what comes from the nearest image") {
  const Space space = Space::torus(10, 10);
  const Trajectory path(Point(0, 1, 1, 0), Velocity<4>());
  CHECK(light_cone::absorption_time(Point(5, 9, 1, 0), path, space) == 7);
  CHECK(light_cone::absorption_time(Point(5, 9, 9, 0), path, space) == 5 + std::sqrt(8.0));
}

TEST_CASE("an agent that flees the nearest image meets the one ahead first") {
  const Space ring = Space::torus(10);
  const Trajectory path(Point(0, 1, 0, 0), Velocity<4>(0.8, 0, 0));
  // The image at 0 would take 5 s, the one at 10 meets it after 9 / 1.8 s, the same.
  CHECK(light_cone::absorption_time(Point(0, 0, 0, 0), path, ring) == Approx(5));
  // One at 0.5 takes 2.5 s, the one at -9.5 far longer; from 2 behind, the one ahead wins.
  CHECK(light_cone::absorption_time(Point(0, 0.5, 0, 0), path, ring) == Approx(2.5));
  CHECK(light_cone::absorption_time(Point(0, -1, 0, 0), path, ring) == Approx(8 / 1.8));
}

TEST_CASE("a moving agent on a torus meets the first of all images") {
  const std::uint64_t seed = 2;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 10'000; ++i) {
    INFO("case " << i);
    const double side = log_uniform(random, 1e-3, 1e3);
    const Space space = Space::torus(side * random.uniform(1, 2), side * random.uniform(1, 2),
                                     random.bernoulli(0.3) ? 0 : side * random.uniform(1, 2));
    const Point emission = random_point(random, {}, side / 2);
    // Along an endless axis light may take long to catch up, while the agent goes round the others.
    const bool closed = space.period(2) > 0;
    const Trajectory path(random_point(random, Point(-side, 0, 0, 0), side / 2),
                          closed
                              ? random_velocity(random, 1e-3)
                              : velocity_along(random_direction(random), random.uniform(0, 0.8)));
    require_first_image(emission, path, space,
                        closed ? std::array{3, 3, 3} : std::array{20, 20, 0});
  }
}

TEST_CASE("an agent that rounds a thin torus many times still meets the first image") {
  const std::uint64_t seed = 3;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 5000; ++i) {
    INFO("case " << i);
    const Space space =
        Space::torus(random.uniform(1, 2), random.bernoulli(0.5) ? 0 : random.uniform(20, 50));
    const Point emission = random_point(random, {}, 20);
    const Trajectory path(random_point(random, Point(-10, 0, 0, 0), 20),
                          velocity_along(random_direction(random), random.uniform(0, 0.8)));
    require_first_image(emission, path, space, {400, 3, 0});
  }
}

TEST_CASE("light crosses a thin torus straight to an agent that runs around it") {
  // In the agent's frame of reference around the ring the lambda comes from 50 s ahead: every
  // second the agent passes 0.6 images, and it is hit by one that is right beside it then.
  const Space ring = Space::torus(1);
  const Trajectory path(Point(0, 0, 0, 0), Velocity<4>(0.6, 0, 0));
  CHECK(light_cone::absorption_time(Point(0, 0, 50, 0), path, ring) == Approx(50).margin(0.01));
}

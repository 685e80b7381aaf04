#include "libstos/spacetime/light_cone.hpp"

#include "libstos/spacetime/boost.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iomanip>
#include <limits>
#include <sstream>

using namespace stos;
using namespace stos::test;
using light_cone::absorption_time;
using light_cone::influence_bound;
using light_cone::resting_distance;

namespace {

const Space endless;

using Exact = long double;

/// The crossing by bisection of |e - x(T)| = T - e0, with 64 bits of mantissa and no formula.
Exact exact_absorption(const Point& emission, const Trajectory& path) {
  std::array<Exact, 3> d{};
  for (std::size_t i = 0; i < 3; ++i)
    d[i] = emission[i + 1] -
           (path.anchor()[i + 1] +
            Exact(path.velocity()[i]) * (Exact(emission[0]) - Exact(path.anchor()[0])));
  const auto ahead_of_light = [&](Exact flight) {
    Exact square = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const Exact x = d[i] - path.velocity()[i] * flight;
      square += x * x;
    }
    return square > flight * flight;
  };
  Exact high = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
  Exact low = high / 4;
  while (ahead_of_light(high)) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 70; ++i) {
    const Exact middle = (low + high) / 2;
    (ahead_of_light(middle) ? low : high) = middle;
  }
  return std::max(Exact(emission[0]) + high, Exact(path.anchor()[0]));
}

std::string describe(const Trajectory& path) {
  std::ostringstream out;
  out << std::hexfloat << "anchor " << path.anchor() << " velocity " << path.velocity();
  return out.str();
}

std::string describe(double x) {
  std::ostringstream out;
  out << std::setprecision(17) << x << " (" << std::hexfloat << x << ')';
  return out.str();
}

} // namespace

TEST_CASE("an agent at rest absorbs exactly at emission time plus distance") {
  const Trajectory path(Point(-5, 3, 0, 0), Velocity<4>());
  CHECK(absorption_time(Point(2, 0, 4, 0), path, endless) == 7);
  CHECK(absorption_time(Point(0.1, 0, 0, 0), path, endless) == 0.1 + 3);
  CHECK(absorption_time(Point(1, 3, 0, 0), path, endless) == 1);

  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 10'000; ++i) {
    const double scale = log_uniform(random, 1e-9, 1e9);
    const Point emission = random_point(random, {}, scale);
    const Trajectory rest(random_point(random, Point(-2 * scale, 0, 0, 0), scale), Velocity<4>());
    REQUIRE(absorption_time(emission, rest, endless) ==
            emission[0] + endless.distance(emission, rest.anchor()));
  }
}

TEST_CASE("a head-on and a fleeing agent meet light where school says they do") {
  const Point emission(0, 0, 0, 0);
  const Trajectory towards(Point(0, 8, 0, 0), Velocity<4>(-0.6, 0, 0));
  const Trajectory away(Point(0, 8, 0, 0), Velocity<4>(0.6, 0, 0));
  const Trajectory across(Point(0, 8, 0, 0), Velocity<4>(0, 0.6, 0));
  CHECK(absorption_time(emission, towards, endless) == Approx(5).epsilon(1e-15));
  CHECK(absorption_time(emission, away, endless) == Approx(20).epsilon(1e-15));
  CHECK(absorption_time(emission, across, endless) == Approx(10).epsilon(1e-15));
}

TEST_CASE("absorption is as exact as its inputs, however old the anchor is") {
  const std::uint64_t seed = 2;
  RandomStream random(seed);
  for (const double age : {0.0, 1.0, 1e6, 1e8, 1e10})
    for (int i = 0; i < 6000; ++i) {
      const Velocity<4> v = random_velocity(random, 1e-4);
      const double now = random.uniform(0, 10);
      const Trajectory path(random_point(random, Point(now - age, 0, 0, 0), 10), v);
      const Point near = path.position(now);
      const Point emission = random_point(random, near, log_uniform(random, 1e-3, 1e3));
      const double computed = absorption_time(emission, path, endless);
      const Exact exact = exact_absorption(emission, path);
      const double size = magnitude(near) + magnitude(emission) + std::abs(computed);
      const double error = static_cast<double>(std::abs(computed - exact));
      if (!(error <= 8 * 0x1p-53 * amplification(v) * size))
        FAIL("seed " << seed << ", age " << age << ", case " << i << ": " << describe(path)
                     << " absorbs what is emitted at " << emission << " at " << describe(computed)
                     << ", off by " << error);
    }
}

TEST_CASE("time and place of absorption lose no digits to an anchor of long ago") {
  const std::uint64_t seed = 3;
  RandomStream random(seed);
  for (const double age : {1e6, 1e8, 1e10})
    for (int i = 0; i < 6000; ++i) {
      const Velocity<4> v = velocity_along(random_direction(random), random.uniform(0, 0.9));
      const Trajectory path(random_point(random, {}, 10), v);
      const Point emission = random_point(random, path.position(age), 100);
      const double computed = absorption_time(emission, path, endless);
      const Exact exact = exact_absorption(emission, path);
      const double relative = static_cast<double>(std::abs(computed / exact - 1));
      if (!(relative <= 8 * 0x1p-53 * amplification(v)))
        FAIL("seed " << seed << ", age " << age << ", case " << i << ": " << describe(path)
                     << " absorbs at " << describe(computed) << ", off by a factor 1 + "
                     << relative);
    }
}

TEST_CASE("an absorption lies on the light cone of its emission") {
  const std::uint64_t seed = 4;
  RandomStream random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const double scale = log_uniform(random, 1e-6, 1e6);
    const Velocity<4> v = random_velocity(random, 1e-6);
    const Point emission = random_point(random, {}, scale);
    const Trajectory path(random_point(random, Point(-4 * scale, 0, 0, 0), scale), v);
    const double time = absorption_time(emission, path, endless);
    const double residual =
        std::abs(endless.distance(emission, path.position(time)) - (time - emission[0]));
    // Where light has to catch up, an error in T changes the residual by less than itself.
    const double size = std::abs(time) + 8 * scale;
    if (!(residual <= 16 * 0x1p-53 * amplification(v) * size))
      FAIL("seed " << seed << ", case " << i << ": residual " << residual << " of " << size
                   << " for " << describe(path));
    CHECK(light_cone::contains(emission, path.position(time), endless,
                               16 * 0x1p-53 * amplification(v) * size));
  }
}

TEST_CASE("nothing is absorbed before it is emitted, nor before the anchor") {
  const std::uint64_t seed = 5;
  RandomStream random(seed);
  for (int i = 0; i < 300'000; ++i) {
    const double scale = log_uniform(random, 1e-12, 1e12);
    const Trajectory path(random_point(random, {}, scale), random_velocity(random, 2e-15));
    Point emission = random_point(random, {}, scale);
    if (random.bernoulli(0.3)) // on the agent itself, or a hair away
      emission = random_point(random, path.position(emission[0]),
                              random.bernoulli(0.5) ? 0 : log_uniform(random, 1e-300, 1e-12));
    const double time = absorption_time(emission, path, endless);
    if (!(time >= emission[0] && time >= path.anchor()[0]))
      FAIL("seed " << seed << ", case " << i << ": emitted at " << emission << ", absorbed at "
                   << describe(time) << " on " << describe(path));
  }
}

TEST_CASE("what reaches the agent's past is absorbed at its anchor") {
  const Trajectory moving(Point(100, 1, 0, 0), Velocity<4>(0.5, 0, 0));
  const Trajectory resting(Point(100, 1, 0, 0), Velocity<4>());
  for (const Trajectory& path : {moving, resting}) {
    CHECK(absorption_time(Point(0, 0, 0, 0), path, endless) == 100);
    CHECK(absorption_time(Point(98, 2, 0, 0), path, endless) == 100);
    CHECK(absorption_time(Point(100, 1, 0, 0), path, endless) == 100);
    CHECK(absorption_time(Point(99, 3, 0, 0), path, endless) > 100);
  }
}

TEST_CASE("what a source emits later is absorbed later") {
  const std::uint64_t seed = 6;
  RandomStream random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const double scale = log_uniform(random, 1e-3, 1e6);
    const Trajectory source(random_point(random, {}, scale), random_velocity(random, 1e-6));
    const Trajectory path(random_point(random, {}, scale), random_velocity(random, 1e-4));
    const double first = source.anchor()[0] + random.uniform(0, scale);
    const double second = first + scale * log_uniform(random, 1e-16, 10);
    const double a = absorption_time(source.position(first), path, endless);
    const double b = absorption_time(source.position(second), path, endless);
    const double size = std::abs(b) + 10 * scale;
    if (!(b >= a - 16 * 0x1p-53 * amplification(path.velocity()) * size))
      FAIL("seed " << seed << ", case " << i << ": emitted at " << describe(first) << " and "
                   << describe(second) << ", absorbed at " << describe(a) << " and "
                   << describe(b));
  }
}

TEST_CASE(
    "what many agents pass on arrives no earlier than its bound, whatever each of them rounds") {
  const std::uint64_t seed = 7;
  RandomStream random(seed);
  double most_ahead = 0; // of light that takes the way at once, in roundings
  for (int i = 0; i < 200; ++i) {
    const std::size_t steps = 1 + random.below(2000);
    const double start = random.uniform(1, 2);
    const double spacing = random.uniform(1e-6, 1e-4);
    Trajectory at(Point(0, random.uniform(-1, 1), 0, 0), {});
    const Point source = at.position(start);
    Point light = source;
    for (std::size_t k = 0; k < steps; ++k) {
      at = Trajectory(Point(0, light[1] + spacing, 0, 0), {});
      light = at.position(absorption_time(light, at, endless));
    }
    const double distance = resting_distance(Trajectory(source, {}), at, endless);
    most_ahead = std::max(most_ahead, (start + distance - light[0]) * 0x1p53);
    INFO("seed " << seed << ", case " << i);
    REQUIRE(light[0] >= influence_bound(start, distance, light, steps));
  }
  CHECK(most_ahead > 300);
}

TEST_CASE("a light cone contains its tip, its surface and its inside, and nothing else") {
  const Point tip(1, 0, 0, 0);
  CHECK(light_cone::contains(tip, tip, endless));
  CHECK(light_cone::contains(tip, Point(6, 3, 4, 0), endless));
  CHECK(light_cone::contains(tip, Point(7, 3, 4, 0), endless));
  CHECK_FALSE(light_cone::contains(tip, Point(5.999, 3, 4, 0), endless));
  CHECK(light_cone::contains(tip, Point(5.999, 3, 4, 0), endless, 0.002));
  CHECK_FALSE(light_cone::contains(tip, Point(0, 0, 0, 0), endless));
  CHECK(light_cone::contains(tip, Point(2, 9, 0, 0), Space::torus(10)));
}

TEST_CASE("light-cone order is transitive") {
  const std::uint64_t seed = 7;
  RandomStream random(seed);
  int chains = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Point a = random_point(random, {}, 1);
    const Point b = random_point(random, a, 1);
    const Point c = random_point(random, b, 1);
    if (!light_cone::contains(a, b, endless) || !light_cone::contains(b, c, endless))
      continue;
    ++chains;
    if (!light_cone::contains(a, c, endless, 1e-15))
      FAIL("seed " << seed << ", case " << i << ": " << a << b << c);
  }
  CHECK(chains > 500);
}

TEST_CASE("a boost of the whole world keeps the order of absorptions and all proper times") {
  const std::uint64_t seed = 8;
  RandomStream random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Boost<4> boost(velocity_along(random_direction(random), random.uniform(0, 0.9)));
    const Trajectory path(random_point(random, Point(-9, 0, 0, 0), 1),
                          velocity_along(random_direction(random), random.uniform(0, 0.9)));
    const Trajectory boosted(boost(path.anchor()), boost(path.velocity()));
    const Point a = random_point(random, {}, 1);
    const Point b = random_point(random, {}, 1);
    const double local_a = path.local_time(absorption_time(a, path, endless));
    const double local_b = path.local_time(absorption_time(b, path, endless));
    const double seen_a = boosted.local_time(absorption_time(boost(a), boosted, endless));
    const double seen_b = boosted.local_time(absorption_time(boost(b), boosted, endless));
    if (!(std::abs(local_a - seen_a) < 1e-9))
      FAIL("seed " << seed << ", case " << i << ": proper time " << local_a << " became "
                   << seen_a);
    if (std::abs(local_a - local_b) > 1e-9 && (local_a < local_b) != (seen_a < seen_b))
      FAIL("seed " << seed << ", case " << i << ": the order changed");
  }
}

#include "libstos/spacetime/light_cone.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iomanip>
#include <sstream>

// What determinism rests on: a bound that was computed when the source moved straight on must hold
// for whatever the source does afterwards, in floating point, without exception.

using namespace stos;
using namespace stos::test;
using light_cone::absorption_bound;
using light_cone::absorption_time;
using light_cone::arrival_bound;
using light_cone::resting_distance;

namespace {

struct Encounter {
  Space space;
  Trajectory source;
  Trajectory path;
  double horizon = 0;
  double scale = 1; ///< how far apart the two are, in order of magnitude
};

/// Tiny and huge distances, near and far from the origin, old and new anchors, both alike.
Encounter random_encounter(RandomStream& random, bool torus) {
  Encounter e;
  e.scale = random.bernoulli(0.1) ? 0 : log_uniform(random, 1e-9, 1e9);
  const double offset = random.bernoulli(0.3) ? 0 : log_uniform(random, 1e-6, 1e9);
  const Point origin = random_point(random, {}, offset);
  const double age = random.bernoulli(0.3) ? 0 : log_uniform(random, 1e-6, 1e9);
  const Velocity<4> u = random_velocity(random);
  const Velocity<4> v = random_velocity(random);
  e.horizon = origin[0] + random.uniform(0, 1) * e.scale;
  // The anchors are so far back that both come near `origin` at about the horizon.
  const auto anchored = [&](const Velocity<4>& w, double back) {
    const Trajectory there(random_point(random, origin, e.scale), w);
    Point anchor = there.position(e.horizon - back);
    return Trajectory(anchor, w, random.uniform(0, 10));
  };
  e.source = anchored(u, random.bernoulli(0.5) ? 0 : age * random.uniform());
  e.path = anchored(v, random.bernoulli(0.5) ? age : age * random.uniform(-1, 1));
  if (torus) {
    const double side = log_uniform(random, 1e-3, 1e3) * (e.scale > 0 ? e.scale : 1);
    e.space = Space::torus(side, random.bernoulli(0.5) ? 0 : side * random.uniform(0.01, 1),
                           random.bernoulli(0.5) ? 0 : side);
  }
  return e;
}

/// A velocity that brings the source as fast as it can to where the agent meets its light.
Velocity<4> pursuit(RandomStream& random, const Encounter& e, const Point& from) {
  const Point to = e.path.position(absorption_time(from, e.path, e.space));
  std::array<double, 3> d = e.space.displacement(from, to);
  const double length = std::hypot(d[0], d[1], d[2]);
  if (!(length > 0) || !std::isfinite(length))
    return random_velocity(random);
  for (double& x : d)
    x /= length;
  return velocity_along(d, 1 - log_uniform(random, 1e-15, 1e-3));
}

/// Goes on from the horizon with a few turns, some of them in hot pursuit, and emits on the way.
Point later_emission(RandomStream& random, const Encounter& e) {
  Trajectory source = e.source;
  double time = e.horizon;
  const double span =
      std::max(e.scale, 1e-12) * log_uniform(random, 1e-6, 4) * (random.bernoulli(0.1) ? 0 : 1);
  const bool pursues = random.bernoulli(0.6);
  for (auto turns = random.below(5); turns > 0; --turns) {
    if (random.bernoulli(0.7))
      time += span * random.uniform();
    source = source.turned(time, pursues ? pursuit(random, e, source.position(time))
                                         : random_velocity(random));
  }
  if (random.bernoulli(0.8))
    time += span * random.uniform();
  return source.position(time);
}

std::string exactly(double x) {
  std::ostringstream out;
  out << std::setprecision(17) << x << " (" << std::hexfloat << x << ')';
  return out.str();
}

std::string describe(const Encounter& e) {
  std::ostringstream out;
  out << std::hexfloat << "source " << e.source.anchor() << ' ' << e.source.velocity()
      << ", horizon " << e.horizon << ", receiver " << e.path.anchor() << ' ' << e.path.velocity()
      << ", periods " << e.space.period(0) << ' ' << e.space.period(1) << ' ' << e.space.period(2);
  return out.str();
}

void require_bounds(std::uint64_t seed, int cases, bool torus) {
  RandomStream random(seed);
  int tight = 0;
  for (int i = 0; i < cases; ++i) {
    const Encounter e = random_encounter(random, torus);
    const double bound = absorption_bound(e.source, e.horizon, e.path, e.space);
    const Point emission = later_emission(random, e);
    const double absorbed = absorption_time(emission, e.path, e.space);
    if (!(bound <= absorbed))
      FAIL("seed " << seed << ", case " << i << ": bound " << exactly(bound) << ", but what is "
                   << "emitted at " << emission << " is absorbed at " << exactly(absorbed) << "; "
                   << describe(e));
    tight += absorbed - bound <= 1e-9 * (std::abs(absorbed) + e.scale) ? 1 : 0;
  }
  CHECK(tight > cases / 20); // bounds that hold because they are useless would prove nothing
}

} // namespace

TEST_CASE("no continuation of a source's worldline is absorbed before the bound") {
  require_bounds(1, 1'000'000, false);
}

TEST_CASE("no continuation of a source's worldline on a torus is absorbed before the bound") {
  require_bounds(2, 200'000, true);
}

TEST_CASE("a source may turn a hundred times and still not beat the bound") {
  const std::uint64_t seed = 3;
  RandomStream random(seed);
  for (int i = 0; i < 5000; ++i) {
    const Encounter e = random_encounter(random, i % 4 == 0);
    const double bound = absorption_bound(e.source, e.horizon, e.path, e.space);
    Trajectory source = e.source;
    double time = e.horizon;
    for (int turn = 0; turn < 100; ++turn) {
      source = source.turned(time, pursuit(random, e, source.position(time)));
      time += e.scale * random.uniform(0, 0.05);
    }
    const double absorbed = absorption_time(source.position(time), e.path, e.space);
    if (!(bound <= absorbed))
      FAIL("seed " << seed << ", case " << i << ": bound " << exactly(bound) << ", absorbed "
                   << exactly(absorbed) << "; " << describe(e));
  }
}

TEST_CASE("a bound is close to the absorption that it bounds") {
  const Trajectory source(Point(0, 0, 0, 0), Velocity<4>(0.5, 0, 0));
  const Trajectory path(Point(0, 10, 0, 0), Velocity<4>(0, 0.5, 0));
  const double bound = absorption_bound(source, 2, path, Space());
  const double absorbed = absorption_time(source.position(2), path, Space());
  CHECK(bound < absorbed);
  CHECK(bound > absorbed - 1e-12);
}

TEST_CASE("a bound grows with the horizon") {
  const std::uint64_t seed = 4;
  RandomStream random(seed);
  for (int i = 0; i < 50'000; ++i) {
    const Trajectory source(random_point(random, {}, 10), random_velocity(random, 1e-2));
    const Trajectory path(random_point(random, {}, 10), random_velocity(random, 1e-2));
    const double first = source.anchor()[0] + random.uniform(0, 10);
    const double second = first + random.uniform(0.1, 10);
    const double a = absorption_bound(source, first, path, Space());
    const double b = absorption_bound(source, second, path, Space());
    if (!(b >= a - 1e-9))
      FAIL("seed " << seed << ", case " << i << ": " << exactly(a) << " then " << exactly(b));
  }
}

TEST_CASE("nothing from a resting source reaches a resting agent before the arrival bound") {
  const std::uint64_t seed = 5;
  RandomStream random(seed);
  for (int i = 0; i < 500'000; ++i) {
    const double scale = random.bernoulli(0.1) ? 0 : log_uniform(random, 1e-9, 1e9);
    const Point origin =
        random_point(random, {}, random.bernoulli(0.3) ? 0 : log_uniform(random, 1e-6, 1e9));
    const Trajectory source(random_point(random, origin, scale), Velocity<4>());
    const Trajectory path(random_point(random, origin, scale), Velocity<4>());
    const Space space =
        random.bernoulli(0.3) ? Space::torus(log_uniform(random, 1e-6, 1e9)) : Space();
    const double horizon = source.anchor()[0] + random.uniform() * scale;
    const double bound = arrival_bound(horizon, resting_distance(source, path, space));
    const double later = random.bernoulli(0.3) ? 0 : scale * log_uniform(random, 1e-18, 1);
    const double absorbed = absorption_time(source.position(horizon + later), path, space);
    if (!(bound <= absorbed))
      FAIL("seed " << seed << ", case " << i << ": bound " << exactly(bound) << ", absorbed "
                   << exactly(absorbed) << ", from " << source.anchor() << " to " << path.anchor());
  }
}

TEST_CASE("a distance between resting agents is close to the true one and never negative") {
  const Trajectory a(Point(0, 1e9, 0, 0), Velocity<4>());
  const Trajectory b(Point(0, 1e9 + 4, 3, 0), Velocity<4>());
  CHECK(resting_distance(a, b, Space()) < 5);
  CHECK(resting_distance(a, b, Space()) > 5 - 1e-4);
  CHECK(resting_distance(a, a, Space()) == 0);
}

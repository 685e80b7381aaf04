#include "libstos/spacetime/velocity.hpp"

#include "libstos/spacetime/boost.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <sstream>

using namespace stos;
using namespace stos::test;

namespace {

template <class... Components>
Errc refusal_of(Components... u) {
  try {
    (void)Velocity<sizeof...(Components) + 1>(u...);
  } catch (const UsageError& error) {
    return error.error().code;
  }
  return Errc::internal;
}

double relative_difference(const Point& a, const Point& b, double scale) {
  double worst = 0;
  for (std::size_t i = 0; i < 4; ++i)
    worst = std::max(worst, std::abs(a[i] - b[i]) / scale);
  return worst;
}

} // namespace

TEST_CASE("a 4-velocity is normalised to within rounding") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const Velocity<4> v = random_velocity(random);
    const double error = std::abs(dot(v.vector(), v.vector()) - 1);
    if (!(error <= 8 * 0x1p-52 * amplification(v)))
      FAIL("case " << i << ": " << v << " has v.v - 1 = " << error);
  }
}

TEST_CASE("along one axis gamma keeps its digits up to the last speed below light") {
  for (const double slowness : {0.5, 1e-3, 1e-9, 0x1p-52, 0x1p-53}) {
    const double u = 1 - slowness;
    const Velocity<2> v(u);
    const long double exact =
        1 / std::sqrt((1 - static_cast<long double>(u)) * (1 + static_cast<long double>(u)));
    CHECK(std::abs(v.gamma() / exact - 1) <= 4 * 0x1p-53);
  }
}

TEST_CASE("an agent at rest has gamma 1 and no speed") {
  CHECK(Velocity<4>().at_rest());
  CHECK(Velocity<4>().gamma() == 1);
  CHECK(Velocity<4>(0, 0, 0).at_rest());
  CHECK(Velocity<1>().at_rest());
  CHECK_FALSE(Velocity<4>(1e-9, 0, 0).at_rest()); // where gamma rounds to 1
  CHECK(Velocity<4>(0.6, 0, 0).gamma() == Approx(1.25));
  CHECK(Velocity<3>(0.6, 0.0).speed() == 0.6);
}

TEST_CASE("a speed at or above light, or none at all, is refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double u : {1.0, -1.0, 1.5, 1e300, infinity, -infinity, nan})
    CHECK(refusal_of(u) == Errc::faster_than_light);
  CHECK(refusal_of(0.8, 0.6) == Errc::faster_than_light);
  CHECK(refusal_of(0.6, 0.6, 0.6) == Errc::faster_than_light);
  CHECK(refusal_of(0.0, 0.0, nan) == Errc::faster_than_light);
  CHECK_NOTHROW(Velocity<2>(1 - 0x1p-53));
  CHECK_NOTHROW(Velocity<4>(0.57, 0.57, 0.57));
}

TEST_CASE("a velocity prints as its components") {
  std::ostringstream out;
  out << Velocity<3>(0.5, -0.25);
  CHECK(out.str() == "(0.5, -0.25) c");
}

TEST_CASE("a velocity of fewer dimensions is one of four with zeros behind") {
  CHECK(embed(Velocity<2>(0.5)) == Velocity<4>(0.5, 0, 0));
  CHECK(embed(Velocity<1>()) == Velocity<4>());
  CHECK(project<3>(Velocity<4>(0.5, 0.25, 0)) == Velocity<3>(0.5, 0.25));
}

TEST_CASE("a boost and its inverse leave each point where it was") {
  const std::uint64_t seed = 2;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Velocity<4> v = random_velocity(random, 1e-6);
    const Boost<4> there(v);
    const Boost<4> back(Velocity<4>(-v[0], -v[1], -v[2]));
    const Point x = random_point(random, {}, log_uniform(random, 1e-6, 1e6));
    const double scale = magnitude(x) * amplification(v);
    if (!(relative_difference(back(there(x)), x, scale) <= 16 * 0x1p-52))
      FAIL("case " << i << ": " << v << " moved " << x << " to " << back(there(x)));
  }
}

TEST_CASE("a boost keeps inner products") {
  const std::uint64_t seed = 3;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Velocity<4> v = random_velocity(random, 1e-6);
    const Boost<4> boost(v);
    const Point x = random_point(random, {}, log_uniform(random, 1e-6, 1e6));
    const Point y = random_point(random, {}, log_uniform(random, 1e-6, 1e6));
    const double error = std::abs(dot(boost(x), boost(y)) - dot(x, y));
    if (!(error <= 32 * 0x1p-52 * amplification(v) * magnitude(x) * magnitude(y)))
      FAIL("case " << i << ": off by " << error << " under " << v);
  }
}

TEST_CASE("an agent is at rest in its own frame, and a boost by nothing changes nothing") {
  const Velocity<4> v(0.3, -0.4, 0.5);
  CHECK(Boost<4>(v)(v).speed() < 1e-15);
  CHECK(Boost<4>(Velocity<4>())(v) == v);
  CHECK(Boost<4>(Velocity<4>())(Point(1, 2, 3, 4)) == Point(1, 2, 3, 4));
  CHECK(Boost<1>(Velocity<1>())(Minkowski<1>(2)) == Minkowski<1>(2));
  const Velocity<4> seen = Boost<4>(v)(Velocity<4>());
  CHECK(seen[0] == Approx(-0.3));
  CHECK(seen[1] == Approx(0.4));
  CHECK(seen[2] == Approx(-0.5));
}

TEST_CASE("0.6 c on top of 0.6 c is 0.88235 c") {
  CHECK(Boost<2>(Velocity<2>(-0.6))(Velocity<2>(0.6))[0] == Approx(1.2 / 1.36).epsilon(1e-15));
  CHECK(Boost<3>(Velocity<3>(0, -0.6))(Velocity<3>(0, 0.6))[1] == Approx(15.0 / 17));
  CHECK(Boost<4>(Velocity<4>(0, 0, -0.6))(Velocity<4>(0, 0, 0.6))[2] == Approx(15.0 / 17));
  const Velocity<3> across = Boost<3>(Velocity<3>(-0.6, 0))(Velocity<3>(0, 0.6));
  CHECK(across[0] == Approx(0.6));
  CHECK(across[1] == Approx(0.6 / 1.25));
}

TEST_CASE("composed velocities stay below light") {
  const std::uint64_t seed = 4;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Velocity<4> a = random_velocity(random, 1e-6);
    const Velocity<4> b = random_velocity(random, 1e-6);
    REQUIRE(Boost<4>(a)(b).speed() < 1);
  }
}

#include "libstos/spacetime/box.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace stos;

TEST_CASE("nothing in an empty box is near") {
  CHECK(Box().distance(Point(0, 1, 2, 3), Space()) == std::numeric_limits<double>::infinity());
}

TEST_CASE("a box is as far as its nearest face, edge or corner") {
  Box box;
  box.include(Point(0, 1, 1, 1));
  box.include(Point(0, 3, 2, 1));
  CHECK(box.distance(Point(9, 2, 1.5, 1), Space()) == 0);
  CHECK(box.distance(Point(0, 5, 1.5, 1), Space()) == Approx(2));
  CHECK(box.distance(Point(0, 6, 6, 1), Space()) == Approx(5));
  CHECK(box.distance(Point(0, 6, 6, 1), Space()) < 5);
}

TEST_CASE("in periodic space the nearest image of a box counts") {
  Box box;
  box.include(Point(0, 1, 0, 0));
  box.include(Point(0, 3, 0, 0));
  const Space torus = Space::torus(10);
  CHECK(box.distance(Point(0, 9.5, 0, 0), torus) == Approx(1.5));
  CHECK(box.distance(Point(0, -20, 0, 0), torus) == Approx(1));
  CHECK(box.distance(Point(0, 12, 0, 0), torus) == 0);
}

TEST_CASE("no place in a box is nearer than the box") {
  RandomStream random(1);
  for (int i = 0; i < 5000; ++i) {
    const double scale = random.bernoulli(0.5) ? 1 : 1e6;
    const auto place = [&] {
      return Point(0, random.uniform(-scale, scale), random.uniform(-scale, scale),
                   random.bernoulli(0.5) ? 0 : random.uniform(-scale, scale));
    };
    const Space space =
        random.bernoulli(0.5) ? Space() : Space::torus(scale * random.uniform(0.1, 3), 0, scale);
    Box box;
    std::vector<Point> inside(1 + random.below(4));
    for (Point& p : inside) {
      p = place();
      box.include(p);
    }
    const Point seen_from = place();
    double nearest = std::numeric_limits<double>::infinity();
    for (const Point& p : inside)
      nearest = std::min(nearest, space.distance(seen_from, p));
    if (!(box.distance(seen_from, space) <= nearest))
      FAIL("case " << i << ": the box is at " << box.distance(seen_from, space)
                   << ", a place in it at " << nearest);
  }
}

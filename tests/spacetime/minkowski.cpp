#include "libstos/spacetime/minkowski.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace stos;

namespace {

template <class T>
std::string printed(const T& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

} // namespace

TEST_CASE("the inner product is time times time less space times space, in each dimension") {
  CHECK(dot(Minkowski<1>(3), Minkowski<1>(5)) == 15);
  CHECK(dot(Minkowski<2>(3, 2), Minkowski<2>(5, 4)) == 15 - 8);
  CHECK(dot(Minkowski<3>(3, 2, 1), Minkowski<3>(5, 4, 7)) == 15 - 8 - 7);
  CHECK(dot(Minkowski<4>(3, 2, 1, -2), Minkowski<4>(5, 4, 7, 6)) == 15 - 8 - 7 + 12);
}

TEST_CASE("the inner product of a light ray with itself is 0") {
  CHECK(dot(Minkowski<2>(-4, 4), Minkowski<2>(-4, 4)) == 0);
  CHECK(dot(Minkowski<4>(3, 1, 2, -2), Minkowski<4>(3, 1, 2, -2)) == 0);
}

TEST_CASE("points add, subtract and scale like vectors") {
  const Minkowski<3> a(1, 2, 3);
  const Minkowski<3> b(10, 20, 40);
  CHECK(a + b == Minkowski<3>(11, 22, 43));
  CHECK(b - a == Minkowski<3>(9, 18, 37));
  CHECK(2 * a == Minkowski<3>(2, 4, 6));
  CHECK(a * 2 == 2 * a);
  CHECK(dot(a + b, b) == dot(a, b) + dot(b, b));
  CHECK(Minkowski<3>() == Minkowski<3>(0, 0, 0));
  CHECK(a.time() == 1);
}

TEST_CASE("points print as a tuple, time first") {
  CHECK(printed(Minkowski<1>(1.5)) == "(1.5)");
  CHECK(printed(Minkowski<2>(1.5, -2)) == "(1.5, -2)");
  CHECK(printed(Minkowski<4>(0, 1, 2, 3)) == "(0, 1, 2, 3)");
}

TEST_CASE("a point of fewer dimensions is one of four with zeros behind") {
  CHECK(embed(Minkowski<2>(1, 2)) == Point(1, 2, 0, 0));
  CHECK(project<3>(Point(1, 2, 3, 0)) == Minkowski<3>(1, 2, 3));
  CHECK(project<1>(embed(Minkowski<1>(7))) == Minkowski<1>(7));
}

#include "libstos/cluster/placement/hilbert_curve.hpp"

#include "tests/cluster/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

using namespace stos;
using namespace stos::test;

namespace {

using Cell = std::array<std::uint64_t, 3>;

/// All cells of the cube of 2^bits cells along each axis, in the order of the curve.
std::map<CurveIndex, Cell> walk(std::size_t axes, int bits) {
  std::map<CurveIndex, Cell> cells;
  const std::uint64_t side = std::uint64_t{1} << bits;
  for (std::uint64_t x = 0; x < side; ++x)
    for (std::uint64_t y = 0; y < (axes > 1 ? side : 1); ++y)
      for (std::uint64_t z = 0; z < (axes > 2 ? side : 1); ++z) {
        const Cell cell{x, y, z};
        cells[hilbert_index({cell.data(), axes}, bits)] = cell;
      }
  return cells;
}

std::uint64_t steps_between(const Cell& a, const Cell& b) {
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    steps += std::max(a[i], b[i]) - std::min(a[i], b[i]);
  return steps;
}

} // namespace

TEST_CASE("the curve visits each cell once, and goes from neighbour to neighbour") {
  for (std::size_t axes = 1; axes <= 3; ++axes)
    for (const int bits : {1, 2, 3, 4}) {
      INFO(axes << " axes, " << bits << " bits");
      const auto cells = walk(axes, bits);
      REQUIRE(cells.size() == std::size_t{1} << (axes * static_cast<std::size_t>(bits)));
      CHECK(cells.begin()->first == CurveIndex{0, 0});
      CHECK(cells.begin()->second == Cell{0, 0, 0});
      CHECK(cells.rbegin()->first == CurveIndex{0, cells.size() - 1});
      for (auto a = cells.begin(), b = std::next(a); b != cells.end(); ++a, ++b)
        REQUIRE(steps_between(a->second, b->second) == 1);
    }
}

TEST_CASE("the curve ends where the first axis ends, with all the bits that there are") {
  const std::uint64_t last = (std::uint64_t{1} << curve_bits_per_axis) - 1;
  const CurveIndex end = hilbert_index(Cell{last, 0, 0}, curve_bits_per_axis);
  CHECK(end.low == ~std::uint64_t{0});
  CHECK(end.high == (std::uint64_t{1} << (3 * curve_bits_per_axis - 64)) - 1);
}

TEST_CASE("on a line the curve is the line") {
  RandomStream random(5);
  std::vector<Point> positions;
  for (int i = 0; i < 1000; ++i)
    positions.emplace_back(random.uniform(), 7, random.uniform(-1e3, 1e3), -2);
  const auto order = hilbert_order(positions, Space());
  for (std::size_t i = 1; i < order.size(); ++i)
    REQUIRE(positions[order[i - 1]][2] <= positions[order[i]][2]);
}

TEST_CASE("agents in one place keep the order of their creation") {
  const std::vector<Point> positions(5, Point(0, 1, 2, 3));
  CHECK(hilbert_order(positions, Space()) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(hilbert_order({}, Space()).empty());
}

TEST_CASE("an elongated box is cut across its length") {
  Surroundings rod;
  for (int i = 0; i < 4096; ++i)
    rod.positions.emplace_back(0, i % 4, i / 4 % 4, i / 16);
  const Placement placement = placed("hilbert", rod.input(4));
  for (std::size_t i = 0; i < placement.size(); ++i)
    REQUIRE(placement[i] == placement[i / 1024 * 1024]);
}

TEST_CASE("agents on both sides of a seam of periodic space are neighbours") {
  Surroundings world;
  world.space = Space::torus(100);
  for (const double x : {-3.0, 2.0, 198.0, 1.0, 50.0, 52.0, 51.0, 153.0})
    world.positions.emplace_back(0, x, 0, 0);
  CHECK(placed("hilbert", world.input(2)) == on_nodes({1, 1, 1, 1, 0, 0, 0, 0}));
}

TEST_CASE("runs along the curve keep neighbours together") {
  // Parts that were as compact as cubes would cut 6 n^(2/3) of 6 n channels each; the curve may
  // cost half as much again.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    const Surroundings world =
        lattice(8 + random.below(20), 8 + random.below(20), 8 + random.below(20));
    const PlacementInput input = world.input(2 + random.below(15));
    const double cube_side =
        std::cbrt(static_cast<double>(world.positions.size()) / static_cast<double>(input.nodes));
    REQUIRE(measure_cut(input, placed("hilbert", input)).crossing_share() <= 1.5 / cube_side);
  }
}

#include "libstos/model/graph.hpp"
#include "libstos/model/grid.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <set>

using namespace stos;

namespace {

std::vector<std::uint32_t> degrees(std::uint32_t n, const std::vector<Edge>& edges) {
  std::vector<std::uint32_t> all(n);
  for (const Edge& edge : edges) {
    REQUIRE(edge.a < edge.b);
    REQUIRE(edge.b < n);
    ++all[edge.a];
    ++all[edge.b];
  }
  REQUIRE(std::set(edges.begin(), edges.end()).size() == edges.size());
  return all;
}

template <int D>
void check_distances(const Grid<D>& grid, double least, double most) {
  const Space space = grid.space();
  for (const Edge& edge : grid.edges()) {
    const double distance =
        space.distance(embed(grid.position(edge.a)), embed(grid.position(edge.b)));
    REQUIRE(distance == Approx(least).margin(most - least + 1e-12));
  }
}

} // namespace

TEST_CASE("places of a grid have numbers, coordinates and positions") {
  const Grid<3> grid({4, 3, 2}, {.spacing = 0.5});
  REQUIRE(grid.size() == 24);
  for (std::uint32_t i = 0; i < grid.size(); ++i)
    CHECK(grid.place(grid.coordinates(i)) == i);
  CHECK(grid.coordinates(1) == Grid<3>::Counts{1, 0, 0});
  CHECK(grid.coordinates(23) == Grid<3>::Counts{3, 2, 1});
  const auto corner = grid.position(23);
  CHECK(corner[0] == 0);
  CHECK(corner[1] == 1.5);
  CHECK(corner[2] == 1);
  CHECK(corner[3] == 0.5);
}

TEST_CASE("neighbours on a grid are as many as its shape says, and as far away") {
  const auto all_have = [](const auto& grid, std::uint32_t degree) {
    for (const std::uint32_t d : degrees(grid.size(), grid.edges()))
      CHECK(d == degree);
  };
  all_have(Grid<1>({5}, {.periodic = true}), 2);
  all_have(Grid<2>({5, 4}, {.periodic = true}), 8);
  all_have(Grid<2>({5, 4}, {.periodic = true, .neighbourhood = Neighbourhood::von_neumann}), 4);
  all_have(Grid<2>({5, 4}, {.periodic = true, .neighbourhood = Neighbourhood::hexagonal}), 6);
  all_have(Grid<3>({5, 4, 3}, {.periodic = true}), 26);
  all_have(Grid<3>({5, 4, 3}, {.periodic = true, .neighbourhood = Neighbourhood::von_neumann}), 6);
  all_have(Grid<2>({2, 2}, {.periodic = true}), 3); // each of the others, once
  all_have(Grid<2>({1, 1}, {.periodic = true}), 0);

  check_distances(
      Grid<2>({6, 4}, {.spacing = 2, .periodic = true, .neighbourhood = Neighbourhood::hexagonal}),
      2, 2);
  check_distances(Grid<2>({6, 5}, {.spacing = 2, .neighbourhood = Neighbourhood::hexagonal}), 2, 2);
  check_distances(Grid<2>({6, 4}, {.periodic = true, .neighbourhood = Neighbourhood::von_neumann}),
                  1, 1);
  check_distances(Grid<2>({6, 4}, {.periodic = true}), 1, std::sqrt(2.0));

  const Grid<2> open({3, 3});
  CHECK(open.neighbours(0) == std::vector<std::uint32_t>{1, 3, 4});
  CHECK(open.neighbours(4) == std::vector<std::uint32_t>{0, 1, 2, 3, 5, 6, 7, 8});
  CHECK(open.edges().size() == 20);
  CHECK_FALSE(open.space().periodic());
}

TEST_CASE("grids that cannot be are named") {
  CHECK_THROWS_WITH(Grid<2>({3, 0}), Catch::Contains("at least one place, not 0"));
  CHECK_THROWS_WITH(Grid<2>({70'000, 70'000}), Catch::Contains("at most 2^32 - 1 places"));
  CHECK_THROWS_WITH(Grid<1>({3}, {.spacing = 0}), Catch::Contains("above 0, not 0"));
  CHECK_THROWS_WITH(Grid<1>({3}, {.neighbourhood = Neighbourhood::hexagonal}),
                    Catch::Contains("has two axes, not 1"));
  CHECK_THROWS_WITH(Grid<2>({4, 3}, {.periodic = true, .neighbourhood = Neighbourhood::hexagonal}),
                    Catch::Contains("an even number of rows, not 3"));
}

TEST_CASE("a random graph has as many edges as it was asked for, each as likely as the others") {
  RandomStream random(1);
  std::vector<int> seen(10);
  for (int i = 0; i < 3000; ++i) {
    const auto few = random_graph(5, 3, random);
    const auto most = random_graph(5, 8, random);
    REQUIRE(few.size() == 3);
    REQUIRE(most.size() == 8);
    for (const auto* edges : {&few, &most})
      for (const Edge& edge : *edges)
        ++seen[edge.b * (edge.b - 1) / 2 + edge.a];
  }
  for (const int count : seen)
    CHECK(count == Approx(3000 * 1.1).margin(5 * std::sqrt(3300.0)));
  CHECK(random_graph(4, 6, random).size() == 6);
  CHECK(random_graph(0, 0, random).empty());
  CHECK_THROWS_WITH(random_graph(4, 7, random), Catch::Contains("at most 6 edges, not 7"));
}

TEST_CASE("a small world is a ring in which edges lead elsewhere") {
  RandomStream random(2);
  const auto ring = small_world(100, 6, 0, random);
  for (const std::uint32_t degree : degrees(100, ring))
    CHECK(degree == 6);
  const auto is_short = [](const Edge& edge) {
    return edge.b - edge.a <= 3 || edge.a + 100 - edge.b <= 3;
  };
  CHECK(std::all_of(ring.begin(), ring.end(), is_short));
  const auto rewired = small_world(100, 6, 0.2, random);
  degrees(100, rewired);
  CHECK(rewired.size() == ring.size());
  const auto far =
      std::count_if(rewired.begin(), rewired.end(), [&](const Edge& e) { return !is_short(e); });
  CHECK(far > 30);
  CHECK(far < 90);
  CHECK(small_world(5, 4, 1, random).size() == 10); // complete: nothing can be led elsewhere
  CHECK_THROWS_WITH(small_world(10, 3, 0, random), Catch::Contains("not 3"));
  CHECK_THROWS_WITH(small_world(10, 2, 1.5, random), Catch::Contains("in [0, 1], not 1.5"));
}

TEST_CASE("in a scale-free graph some places have many edges, and all have a few") {
  RandomStream random(3);
  const std::uint32_t n = 20'000;
  const auto edges = scale_free_graph(n, 2, random);
  CHECK(edges.size() == 3 + 2 * (n - 3));
  const auto all = degrees(n, edges);
  CHECK(*std::min_element(all.begin(), all.end()) == 2);
  CHECK(*std::max_element(all.begin(), all.end()) > 100);
  // P(k) = 2 m (m + 1) / (k (k + 1) (k + 2)), of places that come one by one for ever.
  for (const std::uint32_t k : {2u, 3u, 4u, 8u}) {
    const double expected = n * 12.0 / (k * (k + 1.0) * (k + 2.0));
    CHECK(static_cast<double>(std::count(all.begin(), all.end(), k)) ==
          Approx(expected).margin(6 * std::sqrt(expected)));
  }
  CHECK_THROWS_WITH(scale_free_graph(5, 5, random), Catch::Contains("not 5"));
}

TEST_CASE("graphs are a function of the stream") {
  RandomStream a(4);
  RandomStream b(4);
  CHECK(small_world(50, 4, 0.3, a) == small_world(50, 4, 0.3, b));
  CHECK(scale_free_graph(50, 3, a) == scale_free_graph(50, 3, b));
  CHECK(random_graph(50, 100, a) == random_graph(50, 100, b));
}

TEST_CASE("a list of edges is read from a text, and the line that is none is named") {
  CHECK(edges_of("# a comment\n3 1\n\n1\t3 0.5\r\n % another\n  0   2\n2 2\n4 0") ==
        std::vector<Edge>{{0, 2}, {0, 4}, {1, 3}});
  CHECK(edges_of("").empty());
  CHECK_THROWS_WITH(edges_of("0 1\n2\n"), Catch::Contains("line 2 of a list of edges"));
  CHECK_THROWS_WITH(edges_of("1-2"), Catch::Contains("'1-2'"));
  CHECK_THROWS_WITH(edges_of("0 4294967296"), Catch::Contains("line 1"));
  CHECK_THROWS_WITH(edges_of("-1 2"), Catch::Contains("line 1"));
}

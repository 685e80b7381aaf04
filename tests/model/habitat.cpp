#include "libstos/model/habitat.hpp"

#include "tests/support/everywhere.hpp"

#include <map>
#include <set>

using namespace stos;
using namespace stos::test;

namespace {

using Sim = ForwardSimulation<Minkowski<3>, ShuffledDomains>;

struct Ball {
  double vx = 0;
  double vy = 0;
  std::uint64_t met = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Ball& x) {
    return f.object(x).fields(f.field("vx", x.vx), f.field("vy", x.vy), f.field("met", x.met));
  }
};

using Balls = std::vector<Walker<Ball>>;

constexpr double sight_radius = 0.75;

/// Balls that fly straight on, and count whom they meet, weighed by the other one's id.
struct Table : Habitat<Table, Sim, Ball> {
  using Habitat::Habitat;

  ~Table() override {
    for (const Walker<Ball>& ball : habitat.walkers)
      report("ball", std::pair(ball.id, std::pair(ball.at, ball.is.met)));
  }
  void move(Walker<Ball>& self, const Sight& sight) {
    for (const Neighbour<Ball>& other : sight.within(sight_radius))
      self.is.met += other.walker->id % 1009;
    self.at[0] += self.is.vx;
    self.at[1] += self.is.vy;
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Table& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("habitat", x.habitat));
  }
};

using Seen = std::map<std::uint64_t, std::pair<std::array<double, 2>, std::uint64_t>>;

Seen balls_of(const RunSummary& run) {
  Seen seen;
  for (const auto& [agent, ball] :
       run.reports.of<std::pair<std::uint64_t, std::pair<std::array<double, 2>, std::uint64_t>>>(
           "ball"))
    seen[ball.first] = ball.second;
  return seen;
}

/// The same by a plain loop over all pairs.
Seen by_plain_loop(Balls balls, int steps, double width, double height, bool periodic) {
  const auto wrapped = [periodic](double x, double size) {
    if (periodic)
      x -= std::floor(x / size) * size;
    return std::clamp(x, 0.0, std::nextafter(size, 0.0));
  };
  const auto way = [periodic](double d, double size) {
    return periodic ? d - std::floor(d / size + 0.5) * size : d;
  };
  for (; steps > 0; --steps) {
    const Balls before = balls;
    for (Walker<Ball>& ball : balls) {
      for (const Walker<Ball>& other : before) {
        const double x = way(other.at[0] - ball.at[0], width);
        const double y = way(other.at[1] - ball.at[1], height);
        if (other.id != ball.id && std::sqrt(x * x + y * y) <= sight_radius)
          ball.is.met += other.id % 1009;
      }
    }
    for (Walker<Ball>& ball : balls)
      ball.at = {wrapped(ball.at[0] + ball.is.vx, width), wrapped(ball.at[1] + ball.is.vy, height)};
  }
  Seen seen;
  for (const Walker<Ball>& ball : balls)
    seen[ball.id] = {ball.at, ball.is.met};
  return seen;
}

} // namespace

TEST_CASE("walkers see all others in reach as they were before, over the borders of regions") {
  for (const bool periodic : {true, false}) {
    CAPTURE(periodic);
    Balls all;
    const RunSummary run = same_everywhere<Sim>(15.5 * 3, [&](Sim&) {
      const auto regions = Table::make({5, 4}, {.cell = 1, .periodic = periodic, .period = 3});
      RandomStream random(7);
      for (int i = 0; i < 60; ++i) {
        const double x = random.uniform(0, 5);
        const double y = random.uniform(0, 4);
        const double vx = random.uniform(-0.6, 0.6);
        Table::settle(regions, {x, y}, {vx, random.uniform(-0.6, 0.6), 0});
      }
      all.clear();
      for (const Table* region : regions)
        all.insert(all.end(), region->habitat.walkers.begin(), region->habitat.walkers.end());
    });
    REQUIRE(all.size() == 60);
    // They move at 1.5 s, 4.5 s, ..., 43.5 s.
    const Seen expected = by_plain_loop(all, 15, 5, 4, periodic);
    std::uint64_t met = 0;
    for (const auto& [id, ball] : expected)
      met += ball.second;
    CHECK(met > 10'000);
    const Seen seen = balls_of(run);
    CHECK(seen.size() == 60);
    for (const auto& [id, ball] : seen) {
      CHECK(ball.second == expected.at(id).second);
      CHECK(ball.first == expected.at(id).first);
    }
  }
}

namespace {

struct Cell {
  int age = 0;
};

/// Divides in its third step, and ends in its fifth.
struct Dish : Habitat<Dish, Sim, Cell> {
  using Habitat::Habitat;

  ~Dish() override { report("cells", std::uint64_t{habitat.walkers.size()}); }
  bool move(Walker<Cell>& self, const Sight& sight) {
    if (sight.within(1).size() > 100)
      return false;
    if (++self.is.age == 3)
      add({self.at[0] + 0.1, self.at[1]}, {});
    return self.is.age < 5;
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Dish& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("habitat", x.habitat));
  }
};

struct Far : Habitat<Far, Sim, Cell> {
  using Habitat::Habitat;
  void move(Walker<Cell>& self, const Sight& sight) {
    if (self.is.age == 1)
      static_cast<void>(sight.within(1.5));
    self.at[0] += self.is.age == 2 ? std::sqrt(-1.0) : 2.5;
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Far& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("habitat", x.habitat));
  }
};

} // namespace

TEST_CASE("walkers are born and end in a step") {
  // Each has one child, three steps after its own birth, and lives for five steps.
  const RunSummary run = same_everywhere<Sim>(4 * 9.9, [](Sim&) {
    Dish::settle(Dish::make({3, 3}, {.cell = 1}), {1.5, 1.5}, {});
  });
  std::uint64_t cells = 0;
  for (const auto& [agent, count] : run.reports.of<std::uint64_t>("cells"))
    cells += count;
  CHECK(cells == 2); // born in the steps 2, 5, 8: those of 5 and 8
}

TEST_CASE("steps that are too long, and sight that is too far, are named") {
  const auto fails = [](int age, const char* says) {
    fails_everywhere<Sim>(Errc::bad_argument, says, 20, [age](Sim&) {
      Far::settle(Far::make({9, 3}, {.cell = 1}), {1.5, 1.5}, {age});
    });
  };
  fails(0, "goes to 4, 1.5 in one step, which is beyond the regions next to its own");
  fails(1, "sight of 1.5, which reaches beyond a cell of 1");
  fails(2, "which is no place in the plane");
  fails_everywhere<Sim>(Errc::bad_argument, "light takes longer than the 1 s", 20, [](Sim&) {
    Dish::settle(Dish::make({3, 3}, {.cell = 1, .period = 2}), {1.5, 1.5}, {});
  });
}

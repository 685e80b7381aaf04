// The abelian sandpile (Dhar 1990): a site with four grains or more topples and gives one to each
// neighbour; at the edge grains fall off. Whatever the order in which grains are dropped and sites
// topple, the same sites topple equally often and the same pile remains. So here is a truth that no
// order of events can change: it tells lost and doubled lambdas from those that merely came late.

#include "support/engines.hpp"

#include <array>
#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr std::size_t side = 16;
constexpr std::size_t sites = side * side;
constexpr std::uint32_t grains = 1500;

struct Pile {
  std::array<std::uint32_t, sites> height{};
  std::array<std::uint32_t, sites> topplings{};
  friend bool operator==(const Pile&, const Pile&) = default;
};

/// The neighbours of `site` that exist.
std::vector<std::size_t> neighbours(std::size_t site) {
  const std::size_t x = site % side, y = site / side;
  std::vector<std::size_t> result;
  if (x > 0)
    result.push_back(site - 1);
  if (x + 1 < side)
    result.push_back(site + 1);
  if (y > 0)
    result.push_back(site - side);
  if (y + 1 < side)
    result.push_back(site + side);
  return result;
}

/// Where grains are dropped: everywhere, and mostly on one spot.
std::vector<std::size_t> drops() {
  RandomStream random(7);
  std::vector<std::size_t> places;
  for (std::uint32_t i = 0; i < grains; ++i)
    places.push_back(i % 2 == 0 ? random.below(sites) : sites / 2 + side / 2);
  return places;
}

/// The plain loop: no time, no agents.
Pile topple_in_a_loop() {
  Pile pile;
  for (const std::size_t place : drops()) {
    ++pile.height[place];
    for (bool stable = false; !stable;) {
      stable = true;
      for (std::size_t i = 0; i < sites; ++i)
        if (pile.height[i] >= 4) {
          stable = false;
          pile.height[i] -= 4;
          ++pile.topplings[i];
          for (const std::size_t n : neighbours(i))
            ++pile.height[n];
        }
    }
  }
  return pile;
}

class Site : public Agent<Site, Simulation> {
public:
  Site(const SpaceTime& position, std::uint32_t& height, std::uint32_t& topplings)
      : Agent(position), height_(height), topplings_(topplings) {}

  void connect(Site& neighbour) { neighbours_.emplace_back(*this, neighbour); }

  void drop_at(double time) {
    after(time, [](Site& self) { self.add_grain(); });
  }

  void add_grain() {
    if (++height_ < 4)
      return;
    height_ -= 4;
    ++topplings_;
    for (auto& neighbour : neighbours_)
      neighbour.send([](Site& s) { s.add_grain(); });
  }

private:
  std::uint32_t& height_;
  std::uint32_t& topplings_;
  std::vector<ChannelWriter<Site>> neighbours_;
};

/// When each grain is dropped, and where the sites are.
struct Order {
  const char* name;
  double (*drop_time)(std::uint32_t grain, RandomStream& random);
  double disorder; ///< of the positions: distances, and so the order of topplings, differ
};

Pile topple_by_agents(const Order& order, const RunOptions& options, RunSummary& run) {
  Pile pile;
  run = run_world<Simulation>(options, 1e6, [&] {
    RandomStream random(99);
    std::vector<Site*> all;
    for (std::size_t i = 0; i < sites; ++i) {
      const auto jitter = [&] { return order.disorder * random.uniform(-1, 1); };
      const std::size_t column = i % side, row = i / side;
      const double x = static_cast<double>(column) + jitter();
      const double y = static_cast<double>(row) + jitter();
      all.push_back(new Site({0, x, y}, pile.height[i], pile.topplings[i]));
    }
    for (std::size_t i = 0; i < sites; ++i)
      for (const std::size_t n : neighbours(i))
        all[i]->connect(*all[n]);
    std::uint32_t grain = 0;
    for (const std::size_t place : drops())
      all[place]->drop_at(order.drop_time(grain++, random));
  });
  return pile;
}

const std::vector<Order> orders{
    {"all at once", [](std::uint32_t, RandomStream&) { return 0.0; }, 0},
    {"one after the other", [](std::uint32_t i, RandomStream&) { return 100.0 * i; }, 0},
    {"the last one first", [](std::uint32_t i, RandomStream&) { return 0.5 * (grains - i); }, 0},
    {"at random", [](std::uint32_t, RandomStream& r) { return r.uniform(0, 50); }, 0},
    {"many at equal times", [](std::uint32_t, RandomStream& r) { return 1.0 * r.below(20); }, 0},
    {"at random, on a crooked lattice",
     [](std::uint32_t, RandomStream& r) { return r.uniform(0, 50); }, 0.4},
};

} // namespace

TEST_CASE("the sandpile ends in one state, whatever the order, on every engine") {
  const Pile expected = topple_in_a_loop();
  std::uint64_t topplings = 0;
  for (const std::uint32_t n : expected.topplings)
    topplings += n;
  CHECK(topplings > 10 * grains);
  for (const Order& order : orders) {
    INFO("order: " << order.name);
    on_every_engine([&](const RunOptions& options) {
      RunSummary run;
      const Pile pile = topple_by_agents(order, options, run);
      CHECK((pile == expected));
      CHECK(run.in_flight == 0);
      return run;
    });
  }
}

TEST_CASE("the sandpile ends in one state when neighbours hardly ever share a domain") {
  const Pile expected = topple_in_a_loop();
  on_every_engine(
      [&](const RunOptions& options) {
        RunSummary run;
        const Pile pile = topple_by_agents(orders.back(), options, run);
        CHECK((pile == expected));
        return run;
      },
      {}, 8);
}

// Agents at rest: light takes as long as they are apart.

#include "support/engines.hpp"

#include <algorithm>
#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

/// Sends every lambda back and writes down when it came.
class Mirror : public Agent<Mirror, Simulation> {
public:
  Mirror(const SpaceTime& position, std::vector<double>& absorptions)
      : Agent(position), absorptions_(absorptions) {}

  ChannelWriter<Mirror> other;

  void reflect() {
    absorptions_.push_back(local_time());
    other.send([](Mirror& m) { m.reflect(); });
  }

private:
  std::vector<double>& absorptions_;
};

struct PingPong {
  std::vector<double> left, right;
};

RunSummary play(const RunOptions& options, const Minkowski<4>& a, const Minkowski<4>& b,
                double end_time, PingPong& result) {
  return run_world<Simulation>(options, end_time, [&] {
    auto* left = new Mirror(a, result.left);
    auto* right = new Mirror(b, result.right);
    left->other = ChannelWriter(*left, *right);
    right->other = ChannelWriter(*right, *left);
    left->other.send([](Mirror& m) { m.reflect(); });
  });
}

} // namespace

TEST_CASE("at rest at distance L the n-th ping is absorbed at n L, exactly") {
  struct Place {
    Minkowski<4> a, b;
    double distance;
  };
  // Distances that a double holds exactly, with their multiples.
  const auto place = GENERATE(values<Place>({{{0, 0, 0, 0}, {0, 0, 0, 1}, 1},
                                             {{0, 1, 2, 3}, {0, 4, 6, 3}, 5},
                                             {{0, -2, 0, 0}, {0, 4, 3, -6}, 9},
                                             {{0, 0.25, 0, 0}, {0, 0.625, 0, 0}, 0.375},
                                             {{0, 0, 1e6, 0}, {0, 0, 1e6 + 0.0625, 0}, 0.0625}}));
  const int pings = 200;
  on_every_engine([&](const RunOptions& options) {
    PingPong seen;
    const RunSummary run = play(options, place.a, place.b, (pings + 0.5) * place.distance, seen);
    CHECK(run.absorbed == pings);
    CHECK(run.in_flight == 1);
    int wrong = 0;
    for (std::size_t i = 0; i < seen.right.size(); ++i)
      wrong += seen.right[i] != static_cast<double>(2 * i + 1) * place.distance;
    for (std::size_t i = 0; i < seen.left.size(); ++i)
      wrong += seen.left[i] != static_cast<double>(2 * i + 2) * place.distance;
    CHECK(wrong == 0);
    CHECK(seen.left.size() + seen.right.size() == pings);
    return run;
  });
}

TEST_CASE("at rest at any distance the n-th ping is absorbed at n L within n roundings") {
  const Minkowski<4> a{0, 0.1, 0.2, 0.3}, b{0, 0.7, -0.1, 0.35};
  const double distance = std::sqrt(0.6 * 0.6 + 0.3 * 0.3 + 0.05 * 0.05);
  on_every_engine([&](const RunOptions& options) {
    PingPong seen;
    const RunSummary run = play(options, a, b, 500, seen);
    double worst = 0; // in roundings of one addition at the latest time
    for (std::size_t i = 0; i < seen.right.size(); ++i) {
      const double n = static_cast<double>(2 * i + 1);
      worst = std::max(worst, std::abs(seen.right[i] - n * distance) / (n * 0x1p-45));
    }
    CHECK(seen.right.size() > 300);
    CHECK(worst <= 1);
    return run;
  });
}

TEST_CASE("on a torus light takes the short way round") {
  on_every_engine([&](const RunOptions& options) {
    PingPong seen;
    const RunSummary run = run_world<Simulation>(options, 10.5, [&] {
      Simulation::space(Space::torus(10, 20));
      auto* left = new Mirror({0, 0.5, 1, 0}, seen.left);
      auto* right = new Mirror({0, 9.5, 1, 0}, seen.right);
      left->other = ChannelWriter(*left, *right);
      right->other = ChannelWriter(*right, *left);
      left->other.send([](Mirror& m) { m.reflect(); });
    });
    CHECK(seen.right == std::vector<double>{1, 3, 5, 7, 9});
    CHECK(seen.left == std::vector<double>{2, 4, 6, 8, 10});
    return run;
  });
}

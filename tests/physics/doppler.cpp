// What moving clocks show: Doppler factors, twins, light clocks.

#include "support/engines.hpp"

#include <algorithm>
#include <array>
#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

double gamma_of(double v) { return 1 / std::sqrt((1 - v) * (1 + v)); }

double doppler(double v) { return std::sqrt((1 + v) / (1 - v)); }

// A speed v is itself rounded, which shows in 1 / (1 - v) magnified by gamma squared.
double tolerance(double v, double scale) {
  return 16 * 0x1p-52 * gamma_of(v) * gamma_of(v) * std::max(1.0, scale);
}

struct Reading {
  double laboratory;
  double own;
};

/// Writes down when something comes, and passes it on if there is somebody to pass it on to.
class Observer : public Agent<Observer, Simulation> {
public:
  Observer(const SpaceTime& position, const Velocity<4>& v, std::vector<Reading>& readings)
      : Agent(position, v), readings_(readings) {}

  ChannelWriter<Observer> next;

  void see() {
    readings_.push_back({position().time(), local_time()});
    if (next)
      next.send([](Observer& o) { o.see(); });
  }

  /// Sends something each time its own clock has advanced by `interval`.
  void beat(double interval, int times) {
    after(interval, [interval, times](Observer& self) {
      self.next.send([](Observer& o) { o.see(); });
      if (times > 1)
        self.beat(interval, times - 1);
    });
  }

  /// Takes velocity `v` when its own clock shows `own`.
  void turn_at(double own, const Velocity<4>& v) {
    after(own, [v](Observer& self) { self.velocity = v; });
  }

  /// Shows its clock to the next one when that shows `own`.
  void see_at(double own) {
    after(own, [](Observer& self) { self.see(); });
  }

private:
  std::vector<Reading>& readings_;
};

const Velocity<4> resting{};

} // namespace

TEST_CASE("an agent that recedes from a beacon absorbs at t0/(1-v), its own clock showing k t0") {
  const double v = GENERATE(0.0, 0.1, 0.5, 0.6, 0.8, 0.96, 0.999, 0.999999);
  const int beats = 20;
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> none, seen;
    const RunSummary run = run_world<Simulation>(options, 2 * beats / (1 - v), [&] {
      auto* beacon = new Observer({0, 0, 0, 0}, resting, none);
      auto* ship = new Observer({0, 0, 0, 0}, {0, v, 0}, seen);
      beacon->next = ChannelWriter(*beacon, *ship);
      beacon->beat(1, beats);
    });
    REQUIRE(seen.size() == beats);
    for (int n = 1; n <= beats; ++n) {
      const Reading& r = seen[static_cast<std::size_t>(n - 1)];
      CHECK(std::abs(r.laboratory - n / (1 - v)) <= tolerance(v, r.laboratory));
      CHECK(std::abs(r.own - n * doppler(v)) <= tolerance(v, r.own));
    }
    return run;
  });
}

TEST_CASE("at v = 0.6 the receding clock runs half as fast, as seen from the beacon") {
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> none, seen;
    const RunSummary run = run_world<Simulation>(options, 100, [&] {
      auto* beacon = new Observer({0, 0, 0, 0}, resting, none);
      auto* ship = new Observer({0, 0, 0, 0}, {0.6, 0, 0}, seen);
      beacon->next = ChannelWriter(*beacon, *ship);
      beacon->beat(10, 1);
    });
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].laboratory == Approx(25).epsilon(1e-15));
    CHECK(seen[0].own == Approx(20).epsilon(1e-15));
    return run;
  });
}

TEST_CASE("an approaching agent sees the beacon faster by k") {
  const double v = GENERATE(0.1, 0.6, 0.8, 0.96, 0.999);
  const int beats = 20;
  const double meeting = beats + 1; // in the lab, at the beacon
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> none, seen;
    const RunSummary run = run_world<Simulation>(options, meeting, [&] {
      auto* beacon = new Observer({0, 0, 0, 0}, resting, none);
      auto* ship = new Observer({0, v * meeting, 0, 0}, {-v, 0, 0}, seen);
      beacon->next = ChannelWriter(*beacon, *ship);
      beacon->beat(1, beats);
    });
    REQUIRE(seen.size() == beats);
    for (int n = 1; n <= beats; ++n) {
      const Reading& r = seen[static_cast<std::size_t>(n - 1)];
      CHECK(std::abs(r.laboratory - (n + v * meeting) / (1 + v)) <= tolerance(v, meeting));
      const double own = meeting / gamma_of(v) - (meeting - n) / doppler(v);
      CHECK(std::abs(r.own - own) <= tolerance(v, meeting));
    }
    return run;
  });
}

TEST_CASE("light from a beacon that passes by at its nearest is redshifted by gamma") {
  // A moving beacon beats once per own second while it passes at a great distance: the observer
  // sees the beats of the moment of passing gamma seconds apart, up to the change of direction.
  const double v = 0.8, distance = 1e6;
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> none, seen;
    const RunSummary run = run_world<Simulation>(options, 3 * distance, [&] {
      auto* observer = new Observer({0, 0, distance, 0}, resting, seen);
      auto* beacon = new Observer({0, -v * gamma_of(v), 0, 0}, {v, 0, 0}, none);
      beacon->next = ChannelWriter(*beacon, *observer);
      beacon->beat(0.5, 3); // at x = -v gamma / 2, 0, v gamma / 2
    });
    REQUIRE(seen.size() == 3);
    CHECK(seen[2].own - seen[0].own == Approx(gamma_of(v)).epsilon(1e-9));
    return run;
  });
}

TEST_CASE("collinear Doppler factors multiply") {
  const double v1 = 0.5, v2 = 0.9;
  const double relative = (v2 - v1) / (1 - v1 * v2);
  CHECK(doppler(v1) * doppler(relative) == Approx(doppler(v2)).epsilon(1e-14));
  const int beats = 10;
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> none, relayed, direct, through;
    const RunSummary run = run_world<Simulation>(options, 400, [&] {
      auto* beacon = new Observer({0, 0, 0, 0}, resting, none);
      auto* relay = new Observer({0, 0, 0, 0}, {0, 0, v1}, relayed);
      auto* far = new Observer({0, 0, 0, 0}, {0, 0, v2}, through);
      beacon->next = ChannelWriter(*beacon, *relay);
      relay->next = ChannelWriter(*relay, *far);
      beacon->beat(1, beats);
      auto* other_beacon = new Observer({0, 0, 0, 0}, resting, none);
      auto* also_far = new Observer({0, 0, 0, 0}, {0, 0, v2}, direct);
      other_beacon->next = ChannelWriter(*other_beacon, *also_far);
      other_beacon->beat(1, beats);
    });
    REQUIRE(relayed.size() == beats);
    REQUIRE(through.size() == beats);
    REQUIRE(direct.size() == beats);
    for (int n = 1; n <= beats; ++n) {
      const auto i = static_cast<std::size_t>(n - 1);
      CHECK(relayed[i].own == Approx(n * doppler(v1)).epsilon(1e-14));
      CHECK(through[i].own == Approx(n * doppler(v1) * doppler(relative)).epsilon(1e-13));
      // Relaying costs no time: the light that was sent on is the light that went straight.
      CHECK(through[i].own == Approx(direct[i].own).epsilon(1e-13));
    }
    return run;
  });
}

TEST_CASE("twins at v = 0.8 differ by 4 after 10 years") {
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> on_board, at_home;
    const RunSummary run = run_world<Simulation>(options, 11, [&] {
      auto* home = new Observer({0, 0, 0, 0}, resting, at_home);
      auto* traveller = new Observer({0, 0, 0, 0}, {0.8, 0, 0}, on_board);
      traveller->next = ChannelWriter(*traveller, *home);
      traveller->turn_at(3, {-0.8, 0, 0});
      traveller->see_at(6);
    });
    REQUIRE(on_board.size() == 1);
    REQUIRE(at_home.size() == 1);
    CHECK(at_home[0].own - on_board[0].own == Approx(4).margin(1e-14));
    return run;
  });
}

TEST_CASE("a clock shows the sum of what its straight pieces last, however it travelled") {
  const std::uint64_t seed = GENERATE(range(1, 6));
  CAPTURE(seed);
  RandomStream random(seed);
  struct Leg {
    Velocity<4> velocity;
    double own;
  };
  std::vector<Leg> legs;
  double laboratory = 0, own = 0;
  std::array<double, 3> x{};
  for (int i = 0; i < 50; ++i) {
    const Velocity<4> v(random.uniform(-0.57, 0.57), random.uniform(-0.57, 0.57),
                        random.uniform(-0.57, 0.57));
    const double duration = random.uniform(0.1, 5);
    legs.push_back({v, duration});
    own += duration;
    laboratory += duration * v.gamma();
    for (std::size_t k = 0; k < 3; ++k)
      x[k] += duration * v.gamma() * v[k];
  }
  const double distance = std::sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> on_board, at_home;
    const RunSummary run = run_world<Simulation>(options, 2 * laboratory + 1, [&] {
      auto* home = new Observer({0, 0, 0, 0}, resting, at_home);
      auto* traveller = new Observer({0, 0, 0, 0}, legs[0].velocity, on_board);
      traveller->next = ChannelWriter(*traveller, *home);
      double at = 0;
      for (std::size_t i = 1; i < legs.size(); ++i)
        traveller->turn_at(at += legs[i - 1].own, legs[i].velocity);
      traveller->see_at(own);
    });
    REQUIRE(on_board.size() == 1);
    REQUIRE(at_home.size() == 1);
    CHECK(on_board[0].own == Approx(own).epsilon(1e-13));
    CHECK(on_board[0].laboratory == Approx(laboratory).epsilon(1e-13));
    CHECK(at_home[0].own == Approx(laboratory + distance).epsilon(1e-13));
    return run;
  });
}

TEST_CASE("a moving light clock reads 2 L proper and 2 L gamma in the lab") {
  const double v = GENERATE(0.0, 0.6, 0.8, 0.99);
  const bool along = GENERATE(false, true); // the clock lies along its motion, and is contracted
  CAPTURE(v, along);
  const double length = 1.5;
  const int ticks = 20;
  const Minkowski<4> far =
      along ? Minkowski<4>{0, length / gamma_of(v), 0, 0} : Minkowski<4>{0, 0, length, 0};
  on_every_engine([&](const RunOptions& options) {
    std::vector<Reading> near_mirror, far_mirror;
    const double period = 2 * length * gamma_of(v);
    const RunSummary run = run_world<Simulation>(options, (ticks + 0.25) * period, [&] {
      auto* a = new Observer({0, 0, 0, 0}, {v, 0, 0}, near_mirror);
      auto* b = new Observer(far, {v, 0, 0}, far_mirror);
      a->next = ChannelWriter(*a, *b);
      b->next = ChannelWriter(*b, *a);
      a->next.send([](Observer& o) { o.see(); });
    });
    REQUIRE(near_mirror.size() == ticks);
    for (int n = 1; n <= ticks; ++n) {
      const Reading& r = near_mirror[static_cast<std::size_t>(n - 1)];
      CHECK(std::abs(r.own - 2 * length * n) <= n * tolerance(v, r.own));
      CHECK(std::abs(r.laboratory - n * period) <= n * tolerance(v, r.laboratory));
    }
    return run;
  });
}

// Constant acceleration: behind a ship that never stops accelerating lies a region from which no
// light ever reaches it (Rindler's horizon).

#include "support/engines.hpp"

#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr double kick_every = 0.01; // on the ship's own clock
constexpr double rapidity = 0.01;   // of each kick: an acceleration of 1

class Ship : public Agent<Ship, Simulation> {
public:
  Ship(double x, std::vector<int>& heard) : Agent({0, x}), heard_(heard) {}

  // Rapidities of kicks along one line add up.
  void accelerate() {
    after(kick_every, [](Ship& self) {
      self.velocity = {std::tanh(++self.kicks_ * rapidity)};
      self.accelerate();
    });
  }

  void hear(int call) { heard_.push_back(call); }

private:
  std::vector<int>& heard_;
  int kicks_ = 0;
};

class Home : public Agent<Home, Simulation> {
public:
  explicit Home(Ship& ship) : channel_(*this, ship) {}

  void call(double at, int number) {
    after(at, [number](Home& self) { self.channel_.send([number](Ship& s) { s.hear(number); }); });
  }

private:
  ChannelWriter<Ship> channel_;
};

} // namespace

TEST_CASE("a signal that can never catch up does not keep the run from ending") {
  // While the ship has rapidity r it gains e^-r less than light does, per unit of its own time:
  // light that starts `head_start` behind it catches up only if the sum over all kicks is more than
  // that.
  const double horizon = kick_every / -std::expm1(-rapidity);
  const double end_time = GENERATE(10.0, 1000.0, 1e6);
  CAPTURE(end_time);
  const double x = 0.5;
  const double step = 0.05;
  const int calls = 60;

  // The same without an engine: how far light has caught up on the ship by the end.
  double t = 0, caught_up = 0;
  std::uint64_t kicks = 0;
  for (;; ++kicks) {
    const double gamma = std::cosh(static_cast<double>(kicks) * rapidity);
    const double u = std::tanh(static_cast<double>(kicks) * rapidity);
    if (t + kick_every * gamma >= end_time) {
      caught_up += (end_time - t) * (1 - u);
      break;
    }
    t += kick_every * gamma;
    caught_up += kick_every * gamma * (1 - u);
  }
  CHECK(caught_up < horizon);
  std::vector<int> expected;
  for (int n = 0; n < calls; ++n)
    if (x + step * n < caught_up)
      expected.push_back(n);

  on_every_engine([&](const RunOptions& options) {
    std::vector<int> heard;
    const RunSummary run = run_world<Simulation>(options, end_time, [&] {
      // The ship passes x at time 0; call n starts x + n step behind it.
      auto* ship = new Ship(x, heard);
      auto* home = new Home(*ship);
      ship->accelerate();
      for (int n = 0; n < calls; ++n)
        home->call(step * n, n);
    });
    CHECK(heard == expected);
    CHECK(run.absorbed == kicks + calls + expected.size());
    CHECK(run.in_flight == 1 + calls - expected.size()); // the next kick; calls that never arrive
    CHECK(run.dropped == 0);
    return run;
  });
}

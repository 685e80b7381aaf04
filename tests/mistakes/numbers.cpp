// Times and places at the end of what numbers can tell apart.

#include "support/everywhere.hpp"

#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<3>, ShuffledDomains>;

class Clock : public Agent<Clock, Simulation> {
public:
  using Agent::Agent;
  Clock() = default;
  ~Clock() override { report("heard", heard); }

  void tick(double step) {
    after(step, [step](Clock& self) {
      self.other.send([](Clock& o) { ++o.heard; });
      self.tick(step);
    });
  }
  ChannelWriter<Clock> other;
  int heard = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Clock& x) {
    return f.object(x).fields(f.field("other", x.other), f.field("heard", x.heard));
  }
};

auto pair_at(Minkowski<3> a, Minkowski<3> b, double step) {
  return [=](Simulation&) {
    auto* one = new Clock(a);
    auto* two = new Clock(b);
    one->other = ChannelWriter(*one, *two);
    two->other = ChannelWriter(*two, *one);
    one->after(0, [step](Clock& self) { self.tick(step); });
  };
}

int heard_in(const RunSummary& run) {
  int sum = 0;
  for (const auto& [agent, heard] : run.reports.of<int>("heard"))
    sum += heard;
  return sum;
}

} // namespace

TEST_CASE("a timer that is shorter than time is fine at its date is an error that says so") {
  fails_everywhere<Simulation>(Errc::bad_argument, "a timer of 1 s, set at 1e+17 s, is below", 2e17,
                               pair_at({1e17, 0, 0}, {1e17, 100, 0}, 1));
  fails_everywhere<Simulation>(Errc::bad_argument, "a timer of 1e-05 s, set at 9e+11 s", 1e12,
                               pair_at({9e11, 0, 0}, {9e11, 100, 0}, 1e-5));
  fails_everywhere<Simulation>(Errc::bad_argument, "a timer of 1e-17 s", 10,
                               pair_at({1, 0, 0}, {1, 100, 0}, 1e-17));
}

TEST_CASE("light that takes less time than can be told at its date is an error that says so") {
  fails_everywhere<Simulation>(Errc::bad_argument, "1 light-seconds, is below the resolution", 2e17,
                               pair_at({1e17, 0, 0}, {1e17, 1, 0}, 1e5));
}

TEST_CASE("timers of length zero and agents in one place work at any date") {
  const RunSummary run = same_everywhere<Simulation>(1e17 + 1e6, [](Simulation&) {
    auto* one = new Clock({1e17, 5, 5});
    auto* two = new Clock({1e17, 5, 5});
    one->other = ChannelWriter(*one, *two);
    two->other = ChannelWriter(*two, *one);
    one->after(0, [](Clock& self) { self.after(0, [](Clock& again) { again.tick(1e5); }); });
  });
  CHECK(heard_in(run) == 9);
}

TEST_CASE("a step that happens to be too small to tell is none where time is fine") {
  const RunSummary run = same_everywhere<Simulation>(100, [](Simulation&) {
    (new Clock({0, 5, 5}))->after(50, [](Clock& c) {
      c.after(1e-20, [](Clock& again) { ++again.heard; });
    });
  });
  CHECK(heard_in(run) == 1);
}

TEST_CASE("light arrives over distances whose squares are no numbers") {
  const RunSummary rest =
      same_everywhere<Simulation>(2.15e201, pair_at({0, 0, 0}, {0, 3e200, 4e200}, 1e200));
  CHECK(heard_in(rest) == 16); // the first leaves at 1e200 and arrives at 6e200
  const RunSummary moving = same_everywhere<Simulation>(2e201, [](Simulation&) {
    auto* one = new Clock({0, 0, 0});
    auto* two = new Clock({0, -1e200, 1e141}, Velocity<3>(0.6, 0));
    one->other = ChannelWriter(*one, *two);
    two->other = ChannelWriter(*two, *one);
    one->tick(2e199);
    two->tick(2e199);
  });
  CHECK(heard_in(moving) > 10);
}

TEST_CASE("an agent cannot be put beyond all numbers") {
  Simulation simulation;
  const auto scope = simulation.set_up();
  CHECK_THROWS_AS(new Clock({0, 1e301, 0}), UsageError);
  CHECK_THROWS_AS(new Clock({-1e305, 0, 0}), UsageError);
}

TEST_CASE("a run whose events are all before time zero ended there") {
  const RunSummary run = same_everywhere<Simulation>(100, [](Simulation&) {
    (new Clock({-100, 0, 0}))->after(1, [](Clock& c) { ++c.heard; });
  });
  CHECK(run.last_event_time == -99);
  CHECK(same_everywhere<Simulation>(100, [](Simulation&) {
          new Clock({5, 0, 0});
        }).last_event_time == 0);
}

namespace {

class Slow : public Agent<Slow, Simulation> {
public:
  using Agent::Agent;
  Slow() = default;
  static constexpr double reaction_time = 1e300;
  ChannelWriter<Slow> other;

  template <class Inspector>
  friend bool inspect(Inspector& f, Slow& x) {
    return f.object(x).fields(f.field("other", x.other));
  }
};

} // namespace

TEST_CASE("agents that react after almost for ever are the same everywhere") {
  const RunSummary run = same_everywhere<Simulation>(100, [](Simulation&) {
    auto* one = new Slow({0, 0, 0});
    auto* two = new Slow({0, 1, 0});
    one->other = ChannelWriter(*one, *two);
    two->other = ChannelWriter(*two, *one);
    one->after(5, [](Slow& s) { s.other.send([](Slow&) {}); });
    two->after(5, [](Slow& s) { s.velocity = Velocity<3>(0.5, 0); });
  });
  CHECK(run.absorbed == 2);
}

// Whether agents run divided or together, decided by made-up loads on a made-up clock.

#include "libstos/engine/parallel/parallel_trial.hpp"

#include <catch2/catch.hpp>

#include <array>

using stos::detail::DomainLoad;
using stos::detail::ParallelTrial;

namespace {

/// Two domains that execute so many events a second while agents are divided, or together. Divided,
/// they are busy for a part of the time.
struct MadeUpRun {
  double divided_rate;
  double together_rate;
  double busy_divided;

  ParallelTrial trial;
  double now_s = 0;
  bool divided;
  int changes = 0;
  std::array<DomainLoad, 2> loads{};

  MadeUpRun(bool begins_divided, double divided_events, double together_events, double busy)
      : divided_rate(divided_events), together_rate(together_events), busy_divided(busy),
        trial(0, 1e-4, begins_divided), divided(begins_divided) {}

  void run(double seconds) {
    constexpr double step_s = 1e-4;
    for (const double end_s = now_s + seconds; now_s < end_s;) {
      now_s += step_s;
      if (divided) {
        for (DomainLoad& load : loads) {
          load.events += static_cast<std::uint64_t>(divided_rate * step_s / 2);
          load.busy_s += busy_divided * step_s;
        }
      } else {
        loads[0].events += static_cast<std::uint64_t>(together_rate * step_s);
        loads[0].busy_s += step_s;
      }
      const ParallelTrial::Advice advice = trial.look(now_s, loads);
      if (advice == ParallelTrial::Advice::go_on)
        continue;
      ++changes;
      divided = advice == ParallelTrial::Advice::divide;
      const double began_s = now_s;
      now_s += step_s;
      trial.followed(began_s, now_s, loads, true);
    }
  }
};

} // namespace

TEST_CASE("a run whose domains are busy is left alone") {
  MadeUpRun run(true, 4e6, 5e6, 0.95); // nobody has tried whether together is faster
  run.run(10);
  CHECK(run.changes == 0);
}

TEST_CASE("where domains wait for each other, agents come together, if that is faster") {
  MadeUpRun run(true, 1e6, 5e6, 0.4);
  run.run(0.1);
  CHECK_FALSE(run.divided);
  run.run(20);
  CHECK_FALSE(run.trial.is_divided());
  CHECK(run.changes < 40); // attempts in vain get rarer
}

TEST_CASE("where next to nothing gets done, that is found out before there are many events") {
  MadeUpRun run(true, 20e3, 5e6, 0.1);
  run.run(0.01);
  CHECK_FALSE(run.divided);
}

TEST_CASE("where few events are much work, agents stay divided") {
  MadeUpRun run(true, 20e3, 15e3, 0.9);
  run.run(1);
  CHECK(run.divided);
  CHECK(run.changes == 0);
}

TEST_CASE("where together is slower, agents are divided again, and the next attempt waits longer") {
  MadeUpRun run(true, 3e6, 2e6, 0.5);
  run.run(0.05);
  CHECK(run.divided);
  const int changes = run.changes;
  CHECK(changes == 2);
  run.run(20);
  CHECK(run.divided);
  CHECK(run.changes < 40);
}

TEST_CASE("agents that begin together are divided soon where that is faster, and stay so") {
  MadeUpRun run(false, 5e6, 3e6, 0.9);
  run.run(0.1);
  CHECK(run.divided);
  run.run(10);
  CHECK(run.divided);
  CHECK(run.changes == 1);
}

TEST_CASE("when the model has changed, the way that is faster then is found") {
  MadeUpRun run(true, 1e6, 5e6, 0.4);
  run.run(1);
  CHECK_FALSE(run.trial.is_divided());
  run.divided_rate = 9e6;
  run.busy_divided = 0.9;
  run.run(10);
  CHECK(run.trial.is_divided());
}

TEST_CASE("where agents cannot be divided, the attempt is over at once") {
  ParallelTrial trial(0, 1e-5, false);
  std::array<DomainLoad, 2> loads{};
  int advised = 0;
  for (int ms = 1; ms < 20'000; ++ms) {
    loads[0].events += 5000;
    loads[0].busy_s += 1e-3;
    if (trial.look(1e-3 * ms, loads) != ParallelTrial::Advice::divide)
      continue;
    ++advised;
    trial.followed(1e-3 * ms, 1e-3 * ms, loads, false);
    CHECK_FALSE(trial.is_divided());
  }
  CHECK(advised > 0);
  CHECK(advised < 20);
}

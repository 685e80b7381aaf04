// Worlds that stand still, and their futures.

#include "tests/support/nodes_in_threads.hpp"
#include "tests/support/random_world.hpp"
#include "tests/support/unusual_world.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

RunOptions quiet() {
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  return options;
}

/// Stands still at some times before it runs to its end; then again as a fork of the first stand.
struct InSteps {
  std::vector<double> times;
  std::vector<std::string>* states; ///< of each stand

  template <class Simulation, class Boundary>
  RunSummary operator()(Simulation& simulation, Boundary boundary) const {
    for (const double time : times) {
      const CutRecord record = simulation.run_to(time, boundary);
      CHECK(record.time == time);
      states->push_back(record.state_digest.to_string());
    }
    const std::string forked = outcome_of(simulation.fork().run(boundary));
    const RunSummary summary = simulation.run(boundary);
    CHECK(outcome_of(summary) == forked);
    return summary;
  }
};

constexpr std::uint32_t workers_of_engines[] = {0, 1, 2};

std::vector<double> some_times(std::uint64_t seed, double end_time) {
  RandomStream random(mix64(seed) + 11);
  std::vector<double> times = {1.0 + random.below(static_cast<std::uint32_t>(end_time) - 1),
                               random.uniform(0, end_time)};
  std::sort(times.begin(), times.end());
  return times;
}

} // namespace

TEST_CASE("a world that has stood still goes on as if it had not") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const WorldPlan plan = plan_of(seed);
    const std::string expected = outcome_of(run_random_world<ThreadPool<0>>(plan, quiet()));
    std::vector<std::string> oracle;
    for (const std::uint32_t workers : workers_of_engines) {
      INFO("world " << seed << ", " << workers << " workers");
      RunOptions options = quiet();
      options.workers = workers;
      std::vector<std::string> states;
      REQUIRE(outcome_of(run_random_world<ThreadPool<0>>(
                  plan, options, {}, InSteps{some_times(seed, plan.end_time), &states})) ==
              expected);
      if (workers == 0)
        oracle = states;
      CHECK(states == oracle);
    }
  }
}

TEST_CASE("so does one with a boundary of its own") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("world " << seed);
    const UnusualPlan plan = unusual_plan_of(seed);
    const std::string expected = outcome_of(run_unusual_world<ThreadPool<0>>(plan, quiet()));
    RunOptions options = quiet();
    options.workers = static_cast<std::uint32_t>(seed % 3);
    std::vector<std::string> states;
    REQUIRE(outcome_of(run_unusual_world<ThreadPool<0>>(
                plan, options, {}, InSteps{some_times(seed, plan.end_time), &states})) == expected);
  }
}

TEST_CASE("and so does one on several nodes") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    INFO("world " << seed);
    const WorldPlan plan = plan_of(seed);
    const std::string expected = outcome_of(run_random_world<ThreadPool<0>>(plan, quiet()));
    std::vector<std::string> states[2];
    nodes_in_threads(2, [&](NodeInThread& self) {
      RunOptions options = quiet();
      options.distributed = true;
      options.workers = 1;
      options.cluster = self.options.cluster;
      const RunSummary summary =
          run_random_world(plan, options, ThreadPool<0>(self.system, self.node),
                           InSteps{some_times(seed, plan.end_time), &states[self.index]});
      CHECK(outcome_of(summary) == expected);
    });
    CHECK(states[0] == states[1]);
  }
}

namespace {

using Diffusion = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

/// Draws a step a second.
class Walker : public Agent<Walker, Diffusion> {
public:
  Walker() = default;
  explicit Walker(const Minkowski<2>& where) : Agent(where) { walk(); }
  double at = 0;

  void walk() {
    after(1, [](Walker& self) {
      self.at += self.random().uniform(-1, 1);
      self.report("at", self.at);
      self.walk();
    });
  }
};
template <class Inspector>
bool inspect(Inspector& f, Walker& x) {
  return f.object(x).fields(f.field("at", x.at));
}

class Unsaved : public Agent<Unsaved, Diffusion> {
public:
  using Agent::Agent;
};

void set_up(Diffusion& simulation) {
  const auto scope = simulation.set_up();
  for (int i = 0; i < 3; ++i)
    new Walker({0.0, static_cast<double>(i)});
}

std::vector<double> places(const RunSummary& summary) {
  std::vector<double> all;
  for (const auto& [report, at] : summary.reports.of<double>("at"))
    all.push_back(at);
  return all;
}

template <class Act>
std::string refusal(const Act& act) {
  try {
    act();
  } catch (const std::exception& problem) {
    return problem.what();
  }
  return "";
}

} // namespace

TEST_CASE("futures have their past in common, and what another seed draws not") {
  Diffusion simulation(quiet());
  set_up(simulation);
  simulation.run_to(5.5);
  const std::vector<double> as_it_was = places(simulation.fork().run(10));
  REQUIRE(as_it_was.size() == 27);
  RunOptions options = quiet();
  for (options.seed = 2; options.seed < 5; ++options.seed) {
    const std::vector<double> other = places(simulation.fork(options).run(10));
    REQUIRE(other.size() == as_it_was.size());
    for (std::size_t i = 0; i < other.size(); ++i)
      CHECK((other[i] == as_it_was[i]) == (i < 15));
  }
}

TEST_CASE("futures can run side by side") {
  Diffusion simulation(quiet());
  set_up(simulation);
  simulation.run_to(5.5);
  const std::string expected = outcome_of(simulation.fork().run(50));
  std::vector<std::string> seen(4);
  std::vector<std::thread> threads;
  for (std::string& each : seen)
    threads.emplace_back([&simulation, &each] { each = outcome_of(simulation.fork().run(50)); });
  for (std::thread& thread : threads)
    thread.join();
  for (const std::string& each : seen)
    CHECK(each == expected);
}

TEST_CASE("a future may stand still, too") {
  Diffusion simulation(quiet());
  set_up(simulation);
  simulation.run_to(5.5);
  Diffusion future = simulation.fork();
  CHECK(future.run_to(7.5).agents == 3);
  CHECK(outcome_of(future.run(10)) == outcome_of(simulation.run(10)));
}

TEST_CASE("a future begins with the lambdas that were injected into it") {
  AgentId second{};
  const auto run = [&](std::uint32_t workers, const auto& change) {
    RunOptions options = quiet();
    options.workers = workers;
    Diffusion simulation(options);
    {
      const auto scope = simulation.set_up();
      new Walker({0.0, 0.0});
      auto* walker = new Walker({0.0, 1.0});
      second = walker->id();
      name_agent(*walker, "second");
    }
    simulation.run_to(5.5);
    Diffusion future = simulation.fork();
    change(future);
    return future.run(10);
  };
  const auto jump = [](Walker& self, double far) {
    self.at += far;
    self.report("jumped", self.at);
  };
  const std::string unchanged = outcome_of(run(0, [](Diffusion&) {}));
  std::string changed;
  for (const std::uint32_t workers : workers_of_engines) {
    const RunSummary by_id = run(workers, [&](Diffusion& future) {
      future.inject<Walker>(second, jump, 100.0);
      future.inject<Walker>(second, jump, -300.0);
    });
    const auto jumps = by_id.reports.of<double>("jumped");
    REQUIRE(jumps.size() == 2);
    CHECK(jumps[0].second > 90);
    CHECK(jumps[1].second < -190);
    CHECK(by_id.is_complete);
    CHECK(by_id.sent == by_id.absorbed + by_id.in_flight + by_id.dropped);
    if (changed.empty())
      changed = outcome_of(by_id);
    CHECK(outcome_of(by_id) == changed);
    CHECK(outcome_of(by_id) != unchanged);
    const RunSummary by_name = run(workers, [&](Diffusion& future) {
      future.inject<Walker>("second", jump, 100.0);
      future.inject<Walker>("second", jump, -300.0);
    });
    CHECK(outcome_of(by_name) == changed);
  }
}

TEST_CASE("what cannot stand still, or go on, says why") {
  Diffusion simulation(quiet());
  set_up(simulation);
  CHECK_THAT(refusal([&] { (void)simulation.fork(); }), Contains("run_to() is to come before it"));
  simulation.run_to(5);
  CHECK_THAT(refusal([&] { simulation.fork().run_to(5); }), Contains("at 5 s already"));
  CHECK_THAT(refusal([&] {
               Diffusion future = simulation.fork();
               set_up(future);
               future.run(10);
             }),
             Contains("has its agents from there") && Contains("Walker)"));
  CHECK_THAT(refusal([&] {
               Diffusion future = simulation.fork();
               future.inject<Walker>(AgentId{99}, [](Walker&) {});
               future.run(10);
             }),
             Contains("agent 99, which does not live"));
  CHECK_THAT(refusal([&] {
               Diffusion future = simulation.fork();
               future.inject<Unsaved>(AgentId{1}, [](Unsaved&) {});
               future.run(10);
             }),
             Contains("which is of another class"));
  CHECK_THAT(refusal([&] {
               Diffusion future = simulation.fork();
               future.inject<Walker>("nobody", [](Walker&) {});
               future.run(10);
             }),
             Contains("named nobody"));

  Diffusion with_set_up(quiet());
  set_up(with_set_up);
  with_set_up.inject<Walker>(AgentId{1}, [](Walker&) {});
  CHECK_THAT(refusal([&] { with_set_up.run(10); }), Contains("begins with its set-up"));

  Diffusion unsaved(quiet());
  {
    const auto scope = unsaved.set_up();
    new Unsaved({0.0, 0.0});
  }
  CHECK_THAT(refusal([&] { unsaved.run_to(5); }),
             Contains("cut at 5 s was not taken") && Contains("Unsaved"));

  RunOptions short_run = quiet();
  short_run.end_time_s = 4;
  Diffusion ends(short_run);
  set_up(ends);
  CHECK_THAT(refusal([&] { ends.run_to(5); }), Contains("ends at 4 s"));
}

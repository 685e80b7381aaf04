// Cuts as users have them: a run is cut and stored on one engine and goes on on any other, to the
// same outcome and the same states.

#include "store/file_lock.hpp"
#include "tests/store/support.hpp"
#include "tests/support/nodes_in_threads.hpp"
#include "tests/support/random_world.hpp"
#include "tests/support/unusual_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

/// Where a world runs: workers of one node (0: the serial engine), or nodes with a worker each.
struct Engine {
  std::size_t nodes;
  std::uint32_t workers;
};
constexpr Engine engines[] = {{1, 0}, {1, 1}, {1, 2}, {1, 4}, {2, 1}, {3, 1}};

std::string states_of(const RunSummary& summary) {
  std::string text;
  for (const CutRecord& cut : summary.cuts)
    text += std::to_string(cut.time) + ": " + cut.state_digest.to_string() + "\n";
  return text;
}

RunOptions with_cuts(RunOptions options, std::uint64_t seed, double end_time) {
  RandomStream random(mix64(seed) + 9);
  options.simulation_name = "world-" + std::to_string(seed);
  options.progress = ProgressMode::never;
  options.digest_only = true; // and no word of cuts
  options.snapshot.at_s = {1.0 + random.below(static_cast<std::uint32_t>(end_time)),
                           random.uniform(0, end_time)};
  options.snapshot.keep = 0;
  return options;
}

/// Runs the world of `seed` on `engine`; `run(seed, options, resource)` does so on a thread or
/// node.
template <class Run>
RunSummary run_on(const Engine& engine, RunOptions options, const Run& run) {
  if (engine.nodes == 1) {
    options.workers = engine.workers;
    return run(options, ThreadPool<0>());
  }
  std::vector<RunSummary> seen(engine.nodes);
  nodes_in_threads(engine.nodes, [&](NodeInThread& self) {
    RunOptions own = options;
    own.distributed = true;
    own.workers = engine.workers;
    own.cluster = self.options.cluster;
    own.cluster.random_moves = 20;
    seen[self.index] = run(own, ThreadPool<0>(self.system, self.node));
  });
  for (const RunSummary& summary : seen) {
    CHECK(outcome_of(summary) == outcome_of(seen.front()));
    CHECK(states_of(summary) == states_of(seen.front()));
  }
  return seen.front();
}

/// Written on each engine, read on each other.
template <class Run>
void check_matrix(std::uint64_t seed, double end_time, const Run& run) {
  const RunOptions options = with_cuts({}, seed, end_time);
  RunOptions undisturbed = options;
  undisturbed.snapshot = {};
  const std::string expected = outcome_of(run_on(engines[0], undisturbed, run));
  std::string states;
  for (std::size_t writer = 0; writer < std::size(engines); ++writer) {
    INFO("world " << seed << ", written on engine " << writer);
    RunOptions writing = options;
    writing.snapshot.path = "memory:matrix-" + std::to_string(seed) + "-" + std::to_string(writer);
    const RunSummary written = run_on(engines[writer], writing, run);
    REQUIRE(outcome_of(written) == expected);
    if (writer == 0)
      states = states_of(written);
    REQUIRE(states_of(written) == states);
    for (std::size_t reader = 0; reader < std::size(engines); ++reader) {
      if (written.cuts.empty() ||
          (writer + reader + seed) % 3 != 0) // each pair for a third of them
        continue;
      INFO("read on engine " << reader);
      RunOptions reading = writing;
      const double from = written.cuts.front().time;
      reading.snapshot.from = writing.snapshot.path + "@" + exact_text(from);
      reading.snapshot.at_s.push_back(from); // where it begins: passed over
      const RunSummary read = run_on(engines[reader], reading, run);
      REQUIRE(outcome_of(read) == expected);
      REQUIRE_FALSE(read.began_from.empty());
      REQUIRE(states_of(read) == states.substr(states.find('\n') + 1));
    }
  }
}

} // namespace

TEST_CASE("what any engine has cut of a random world goes on on any other") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0);
    check_matrix(seed, plan.end_time, [&plan](const RunOptions& options, ThreadPool<0> resource) {
      return run_random_world(plan, options, std::move(resource));
    });
  }
}

TEST_CASE("what any engine has cut of an unusual world goes on on any other") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    check_matrix(seed + 100, plan.end_time,
                 [&plan](const RunOptions& options, ThreadPool<0> resource) {
                   return run_unusual_world(plan, options, std::move(resource));
                 });
  }
}

TEST_CASE("cuts by the clock on the wall can be taken up again on any engine") {
  const WorldPlan plan = plan_of(3);
  const auto run = [&plan](const RunOptions& options, ThreadPool<0> resource) {
    return run_random_world(plan, options, std::move(resource));
  };
  const std::string expected = outcome_of(run_on(engines[0], {}, run));
  for (const Engine& engine : engines) {
    RunOptions options = with_cuts({}, 3, plan.end_time);
    options.simulation_name = "default";
    options.snapshot.at_s = {};
    options.snapshot.every = {1e-4, true};
    options.snapshot.path =
        "memory:wall-" + std::to_string(engine.nodes) + "-" + std::to_string(engine.workers);
    const RunSummary cut = run_on(engine, options, run);
    REQUIRE(outcome_of(cut) == expected);
    if (cut.cuts.empty()) // the machine may be slow
      continue;
    options.snapshot.from = options.snapshot.path;
    options.snapshot.every = {};
    REQUIRE(outcome_of(run_on(engines[0], options, run)) == expected);
    REQUIRE(outcome_of(run_on(engines[4], options, run)) == expected);
  }
}

namespace {

using Ticking = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

class Ticker : public Agent<Ticker, Ticking> {
public:
  Ticker() = default;
  explicit Ticker(const Minkowski<2>& where) : Agent(where) {
    after(1, [](Ticker& self) { self.count(); });
  }
  std::uint64_t counted = 0;
  double drawn = 0;

private:
  void count() {
    ++counted;
    drawn += random().uniform();
    report("drawn", drawn);
    after(1, [](Ticker& self) { self.count(); });
  }
};
template <class Inspector>
bool inspect(Inspector& f, Ticker& x) {
  return f.object(x).fields(f.field("counted", x.counted), f.field("drawn", x.drawn));
}

RunSummary count_to(double end, const RunOptions& options, std::size_t counters = 2) {
  Ticking simulation(options);
  {
    const auto scope = simulation.set_up();
    for (std::size_t i = 0; i < counters; ++i)
      new Ticker({0, static_cast<double>(i)});
  }
  return simulation.run(end);
}

RunOptions quiet() {
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  return options;
}

std::string refusal(const RunOptions& options, std::size_t counters = 2) {
  try {
    (void)count_to(10, options, counters);
  } catch (const UsageError& problem) {
    return problem.error().context;
  }
  return "";
}

} // namespace

TEST_CASE("a run can go on for longer than the one that was cut") {
  RunOptions options = quiet();
  options.snapshot.path = "memory:longer";
  options.snapshot.at_s = {5};
  (void)count_to(10, options);
  options.snapshot.from = "memory:longer@5s";
  CHECK(outcome_of(count_to(20, options)) == outcome_of(count_to(20, quiet())));
}

TEST_CASE("another world does not go on from a cut unless it is a branch") {
  RunOptions options = quiet();
  options.snapshot.path = "memory:other";
  options.snapshot.at_s = {5};
  (void)count_to(10, options);
  options.snapshot.at_s = {};
  options.snapshot.from = "memory:other";

  RunOptions other_seed = options;
  other_seed.seed = 2;
  CHECK_THAT(refusal(other_seed),
             Contains("simulation.seed was 1, and is 2") && Contains("--branch"));
  CHECK_THAT(refusal(options, 3), Contains("its set-up had 2 agents, and this one has 3"));
  RunOptions other_name = options;
  other_name.simulation_name = "elsewhere";
  CHECK_THAT(refusal(other_name),
             Contains("it is of run default, and this one is called elsewhere"));
  RunOptions too_late = options;
  too_late.snapshot.from = "memory:other@6s";
  CHECK_THAT(refusal(too_late), Contains("t = 5 s"));
  RunOptions traced = options;
  traced.trace_path = "/dev/null";
  CHECK_THAT(refusal(traced), Contains("output.trace_path was none, and is given"));

  other_seed.snapshot.branch = "what-if";
  const RunSummary what_if = count_to(10, other_seed);
  const RunSummary before = count_to(10, quiet());
  CHECK(what_if.digest == before.digest);                 // the same happened
  CHECK(what_if.value_digest() != before.value_digest()); // with other numbers
  const auto drawn = what_if.reports.of<double>("drawn");
  const auto drawn_before = before.reports.of<double>("drawn");
  REQUIRE(drawn.size() == drawn_before.size());
  for (std::size_t i = 0; i < drawn.size(); ++i)
    CHECK((drawn[i].second == drawn_before[i].second) == (i < 8)); // until the cut
}

namespace {

class Unsaved : public Agent<Unsaved, Ticking> {
public:
  using Agent::Agent;
};

} // namespace

TEST_CASE("a class that cannot be saved is named before the run") {
  RunOptions options = quiet();
  options.snapshot.at_s = {5};
  options.snapshot.path = "";
  Ticking simulation(options);
  {
    const auto scope = simulation.set_up();
    new Unsaved({0, 0});
  }
  CHECK_THROWS_WITH(simulation.run(10), Contains("Unsaved") && Contains("inspect"));
}

namespace {

class LateUnsaved : public Agent<LateUnsaved, Ticking> {
public:
  LateUnsaved() = default;
  explicit LateUnsaved(const Minkowski<2>& where) : Agent(where) {
    after(2, [](LateUnsaved& self) { self.after_local(6, [](LateUnsaved&) {}); });
  }
};
template <class Inspector>
bool inspect(Inspector& f, LateUnsaved& x) {
  return f.object(x).fields();
}

} // namespace

TEST_CASE("a cut that cannot be taken is told, and ends the run only if it is required") {
  for (const bool is_required : {false, true}) {
    RunOptions options = quiet();
    options.snapshot.at_s = {1, 5, 9};
    options.snapshot.path = "";
    options.snapshot.is_required = is_required;
    for (const std::uint32_t workers : {0u, 2u}) {
      options.workers = workers;
      Ticking simulation(options);
      {
        const auto scope = simulation.set_up();
        new LateUnsaved({0, 0});
      }
      if (is_required) {
        CHECK_THROWS_WITH(simulation.run(10),
                          Contains("the cut at 5 s was not taken") && Contains("after_local"));
      } else {
        const RunSummary summary = simulation.run(10);
        REQUIRE(summary.cuts.size() == 2);
        CHECK(summary.cuts[0].time == 1);
        CHECK(summary.cuts[1].time == 9);
      }
    }
  }
}

namespace {

std::string lock_of_store;
std::optional<detail::FileLock> held;

/// Keeps the store from being written to, as a very slow one would be, for most of the run.
class Bolter : public Agent<Bolter, Ticking> {
public:
  explicit Bolter(const Minkowski<2>& where) : Agent(where) {
    after(1, [](Bolter&) {
      constexpr double wait_s = 100;
      if (auto lock =
              detail::FileLock::take(lock_of_store, detail::FileLock::Kind::exclusive, wait_s))
        held.emplace(*std::move(lock));
    });
    after(80, [](Bolter&) { held.reset(); });
  }

private:
  friend struct stos::AgentMaker;
  Bolter() = default;
};
template <class Inspector>
bool inspect(Inspector& f, Bolter& x) {
  return f.object(x).fields();
}

RunSummary count_with_bolt(const RunOptions& options, ThreadPool<0> resource) {
  Ticking simulation(options, std::move(resource));
  {
    const auto scope = simulation.set_up();
    new Bolter({0, 0});
    for (const double place : {1., 2., 3.})
      new Ticker({0, place});
  }
  return simulation.run(100);
}

} // namespace

TEST_CASE("a slow store lets cuts be left out, and neither the run wait nor its memory fill up") {
  const TemporaryFolder folder;
  const RunOptions options = quiet();
  lock_of_store = folder / "unused.lock";
  const std::string expected = outcome_of(run_on(engines[0], options, count_with_bolt));
  for (const Engine& engine : engines) {
    INFO(engine.nodes << " nodes, " << engine.workers << " workers");
    RunOptions cutting = options;
    cutting.snapshot.path =
        folder / std::to_string(engine.nodes) + "-" + std::to_string(engine.workers);
    cutting.snapshot.every = {0.5, false};
    lock_of_store = cutting.snapshot.path + "/writer.lock";
    const RunSummary summary = run_on(engine, cutting, count_with_bolt);
    CHECK(outcome_of(summary) == expected);
    CHECK_FALSE(summary.cuts.empty());
    CHECK(summary.cuts.size() < 60); // of 199: before, after, and the three that can wait
  }
}

TEST_CASE("nodes that would be cut at other times do not begin, however late that is") {
  std::vector<std::string> seen(2);
  nodes_in_threads(2, [&](NodeInThread& self) {
    RunOptions options = self.options;
    options.workers = 1;
    options.digest_only = true;
    options.snapshot.path = "";
    options.snapshot.at_s = {1, 2, 3, 4, 5, 6, self.index == 0 ? 7.0 : 8.0};
    Ticking simulation(options, ThreadPool<0>(self.system, self.node));
    {
      const auto scope = simulation.set_up();
      new Ticker({0, 0});
    }
    try {
      (void)simulation.run(10);
    } catch (const UsageError& problem) {
      seen[self.index] = problem.error().context;
    }
  });
  for (const std::string& text : seen)
    CHECK_THAT(text, Contains("the nodes do not agree") && Contains("snapshot.at"));
}

namespace {

class Talker : public Agent<Talker, Ticking> {
public:
  using Agent::Agent;
  ChannelWriter<Talker> other;

private: // so that it can be saved
  friend struct stos::AgentMaker;
  Talker() = default;
};
template <class Inspector>
bool inspect(Inspector& f, Talker& x) {
  return f.object(x).fields(f.field("other", x.other));
}

} // namespace

TEST_CASE("a placement sees the channels of the set-up, and those of a cut") {
  for (const std::string from : {"", "memory:talkers"}) {
    std::vector<std::vector<PlacementInput::Link>> seen(2);
    nodes_in_threads(2, [&](NodeInThread& self) {
      RunOptions options = self.options;
      options.workers = 1;
      options.digest_only = true;
      options.snapshot.at_s = {5};
      options.snapshot.path = "memory:talkers";
      options.snapshot.from = from;
      Ticking simulation(options, ThreadPool<0>(self.system, self.node));
      simulation.resource().place_by([&seen, &self](const PlacementInput& input) {
        seen[self.index].assign(input.channels.begin(), input.channels.end());
        return Placement{NodeIndex(0), NodeIndex(1)};
      });
      {
        const auto scope = simulation.set_up();
        auto* a = new Talker({0, 0});
        auto* b = new Talker({0, 1});
        a->other = ChannelWriter(*a, *b);
        b->other = ChannelWriter(*b, *a);
      }
      (void)simulation.run(10);
    });
    for (const std::vector<PlacementInput::Link>& links : seen) {
      REQUIRE(links.size() == 2);
      CHECK((links[0].from == 0 && links[0].to == 1));
      CHECK((links[1].from == 1 && links[1].to == 0));
    }
  }
}

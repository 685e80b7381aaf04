#include "libstos/world/live_view.hpp"

#include "libstos/engine/engine.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "tests/support/random_world.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <thread>

using namespace stos;
using namespace stos::detail;
using namespace stos::test;

namespace {

double fake_seconds() {
  static thread_local double now = 0;
  return now += 1e-6;
}

LiveCounters read(const LiveView& view) {
  LiveCounters counters;
  REQUIRE(view.read(counters));
  return counters;
}

std::uint64_t agents_of(const LiveView& view) {
  std::uint64_t sum = 0;
  view.for_each_type([&sum](const char*, std::uint64_t agents) { sum += agents; });
  return sum;
}

/// What can be found by looking at a domain itself.
LiveCounters found_in(Domain& domain, double end_time) {
  LiveCounters found;
  domain.for_each_agent([&](Cell& cell) {
    ++found.agents_born; // here: those who live
    found.lambdas_waiting += cell.mailbox.size();
    found.mailbox_longest = std::max<std::uint64_t>(found.mailbox_longest, cell.mailbox.size());
    found.agents_blocked += !cell.mailbox.empty() && (cell.blocked || cell.next < end_time) ? 1 : 0;
  });
  return found;
}

/// Runs domains in turns in one thread, and compares what they show with what they are whenever one
/// has fallen asleep.
class WatchedDomains {
public:
  RunSummary run(World& world) {
    world.wall_clock = fake_seconds;
    std::vector<RunnerIndex> ready;
    DomainSet set(world, 3, [&ready](RunnerIndex r) { ready.push_back(r); });
    set.start();
    std::uint64_t events = 0;
    std::size_t finished = 0;
    while (finished < set.size()) {
      const DomainIndex index = ready.front().domain();
      ready.erase(ready.begin());
      Domain& domain = set.domain(index);
      LiveView& view = domain.execution().live;
      view.ask();
      const Domain::Slice slice = set.run(index, 7);
      if (slice == Domain::Slice::more)
        ready.push_back(index);
      if (slice == Domain::Slice::finished)
        ++finished;
      const LiveCounters seen = read(view);
      REQUIRE(seen.events <= domain.execution().counters.absorbed);
      if (slice != Domain::Slice::more)
        compare(domain, seen, world.end_time, slice == Domain::Slice::parked);
      LiveCounters sum;
      for (const DomainIndex i : set.all())
        sum.add(read(set.domain(i).execution().live));
      REQUIRE(sum.events >= events); // counters never go back
      events = sum.events;
    }
    REQUIRE(events == set.counters().absorbed);
    return conclude(world, set.counters(), "watched", 0, set.failure());
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  static void compare(Domain& domain, const LiveCounters& seen, double end_time, bool parked) {
    const RunCounters& counters = domain.execution().counters;
    REQUIRE(seen.events == counters.absorbed);
    REQUIRE(seen.sent_local + seen.sent_remote == counters.sent);
    REQUIRE(seen.agents_born == counters.agents_born);
    REQUIRE(seen.agents_died == counters.agents_died);
    REQUIRE(seen.dropped == counters.dropped);
    REQUIRE(seen.last_event_time == counters.last_event_time);
    REQUIRE(seen.activations == domain.engine_counters().activations);
    REQUIRE(seen.empty_activations == domain.engine_counters().empty_activations);
    REQUIRE(seen.event_durations.count() >= seen.events / 1021);
    if (!parked) {
      REQUIRE(agents_of(domain.execution().live) == 0);
      return;
    }
    REQUIRE(agents_of(domain.execution().live) == found_in(domain, end_time).agents_born);
  }
};

/// The serial engine, asked before it begins.
class AskedSerialEngine {
public:
  RunSummary run(World& world) {
    world.wall_clock = fake_seconds;
    SerialEngine engine(world, [&engine](double, std::uint64_t) { engine.execution().live.ask(); });
    engine.execution().live.ask();
    engine.run();
    seen() = read(engine.execution().live);
    REQUIRE(agents_of(engine.execution().live) == 0);
    return conclude(world, engine.execution().counters, "serial", 0, engine.execution().failure());
  }

  static LiveCounters& seen() {
    static thread_local LiveCounters counters;
    return counters;
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

} // namespace

TEST_CASE("domains that fall asleep show what they have counted, and who lives there") {
  std::uint64_t events = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 6.0);
    events += run_random_world(plan, {}, WatchedDomains()).absorbed;
  }
  CHECK(events > 5'000);
}

TEST_CASE("the serial engine answers after its next event") {
  const WorldPlan plan = plan_of(3);
  const RunSummary summary = run_random_world(plan, {}, AskedSerialEngine());
  const LiveCounters seen = AskedSerialEngine::seen();
  CHECK(seen.events >= 1);
  CHECK(seen.events <= summary.absorbed);
  CHECK(seen.agents_born >= 2);
}

TEST_CASE("a census waits a hundred times as long as the last one took") {
  static double now = 0;
  now = 10;
  Census census([] { return now; });
  int looks = 0;
  const auto look = [&looks](Census& seen) {
    ++looks;
    seen.count_mailbox(3);
    seen.count_mailbox(5);
    now += 0.5;
  };
  census.take(look);
  CHECK(looks == 1);
  CHECK(census.lambdas_waiting == 8);
  CHECK(census.mailbox_longest == 5);
  now = 10.5 + 49.9;
  census.take(look);
  CHECK(looks == 1);
  CHECK(census.lambdas_waiting == 8);
  now = 10.5 + 50;
  census.take(look);
  CHECK(looks == 2);
  CHECK(census.lambdas_waiting == 8);
}

TEST_CASE("without a clock no duration is measured, with one some are") {
  DurationSampler blind(nullptr);
  DurationSampler sampler(fake_seconds);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(!blind.begins());
    if (sampler.begins())
      sampler.ended();
  }
  CHECK(blind.durations().count() == 0);
  CHECK(sampler.durations().count() == 3);
  CHECK(sampler.durations().sum_s == Approx(3e-6));
}

TEST_CASE("what another thread reads of a view was shown at one time") {
  LiveView view;
  constexpr std::uint64_t last = 200'000;
  std::thread writer([&view] {
    for (std::uint64_t i = 1; i <= last; ++i) {
      LiveCounters counters;
      counters.agents_born = counters.events = counters.dropped = i;
      counters.activation_durations.counts.back() = i;
      view.show(counters);
    }
  });
  std::uint64_t before = 0;
  bool is_whole = true;
  bool is_forward = true;
  while (before < last) {
    LiveCounters seen;
    if (!view.read(seen)) {
      std::this_thread::yield();
      continue;
    }
    is_whole = is_whole && seen.events == seen.agents_born && seen.dropped == seen.events &&
               seen.activation_durations.counts.back() == seen.events;
    is_forward = is_forward && seen.events >= before;
    before = seen.events;
  }
  writer.join();
  CHECK(is_whole);
  CHECK(is_forward);
}

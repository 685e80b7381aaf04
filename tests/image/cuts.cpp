// A world at a laboratory time as bytes: the same bytes on every engine; whatever goes on from them
// comes to the outcome of the run that was never cut.

#include "libstos/image/cut.hpp"
#include "libstos/image/restore.hpp"
#include "tests/support/random_world.hpp"
#include "tests/support/same_images.hpp"
#include "tests/support/shuffled_domains.hpp"
#include "tests/support/unusual_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::Cut;

namespace {

/// Runs a world on the serial engine (0 domains) or on shuffled domains, from its set-up or from a
/// cut, and cuts it at the given times.
class WithCuts {
public:
  std::size_t domains = 0;
  std::uint64_t seed = 1;
  double divided_anew_chance = 0;
  double wants_stop_chance = 0;
  std::vector<double> times; ///< ascending
  std::shared_ptr<const Cut> from;
  std::shared_ptr<std::vector<std::shared_ptr<const Cut>>> taken =
      std::make_shared<std::vector<std::shared_ptr<const Cut>>>();

  RunSummary run(World& world) {
    if (from == nullptr)
      return cut(world);
    World again(world.options, world.simulation_type, world.simulation_object);
    again.space = world.space;
    again.end_time = world.end_time.load();
    again.own_boundary = world.own_boundary;
    again.at_boundary = world.at_boundary;
    again.begin_run();
    const Result<void> restored = detail::restore(again, *from);
    if (!restored)
      FAIL(restored.error().context);
    return cut(again);
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  RunSummary cut(World& world) {
    std::size_t next = 0;
    const auto time_of = [this](std::size_t i) {
      return i < times.size() ? times[i] : Instant::never().absorption;
    };
    world.next_stop = time_of(0);
    world.at_stop = [&, this](const WorldAtStop& stop) {
      Result<Cut> cut = detail::take_cut(world, stop);
      if (!cut)
        FAIL(cut.error().context);
      detail::CutMemory memory; // of another one, and still with what that had in it
      memory.take_back(Cut(*cut));
      const Result<detail::CutPart> again = detail::take_part_of_cut(world, stop, memory);
      REQUIRE(again);
      REQUIRE(same_images(again->cut, *cut));
      taken->push_back(std::make_shared<const Cut>(*std::move(cut)));
      if (stop.time == time_of(next))
        ++next;
      return time_of(next);
    };
    ShuffledDomains shuffled(domains, seed, domains == 0 ? 0 : divided_anew_chance);
    shuffled.wants_stop_chance = wants_stop_chance;
    return shuffled.run(world);
  }
};

/// Three times of a run, one of them, as often as not, exactly that of an event.
std::vector<double> some_times(std::uint64_t seed, double end_time, bool on_grid) {
  RandomStream random(mix64(seed) + 5);
  std::vector<double> times;
  for (int i = 0; i < 3; ++i)
    times.push_back(on_grid && i != 1 ? 1 + random.below(static_cast<std::uint32_t>(end_time))
                                      : random.uniform(0, end_time));
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

/// Returns how many cuts were taken at any time, because somebody wanted one.
template <class Run>
std::size_t check_cuts(const Run& run, const std::vector<double>& times, std::uint64_t seed) {
  const std::string undisturbed = outcome_of(run(WithCuts{}));

  WithCuts serial;
  serial.times = times;
  REQUIRE(outcome_of(run(serial)) == undisturbed);
  const auto& oracle = *serial.taken;

  const auto require_same_cuts = [&](const WithCuts& other, std::size_t first) {
    REQUIRE(other.taken->size() == oracle.size() - first);
    for (std::size_t i = first; i < oracle.size(); ++i) {
      INFO("cut at " << oracle[i]->time);
      REQUIRE(same_images(*(*other.taken)[i - first], *oracle[i]));
      REQUIRE((*other.taken)[i - first]->state_digest() == oracle[i]->state_digest());
    }
  };

  for (const std::size_t domains : {1u, 2u, 3u, 7u}) {
    INFO("domains " << domains);
    WithCuts parallel;
    parallel.domains = domains;
    parallel.seed = seed + domains;
    parallel.divided_anew_chance = domains == 3 ? 0.02 : 0;
    parallel.times = times;
    REQUIRE(outcome_of(run(parallel)) == undisturbed);
    require_same_cuts(parallel, 0);
  }

  WithCuts at_any_time; // when somebody wants it
  at_any_time.domains = 1 + seed % 4;
  at_any_time.seed = seed;
  at_any_time.divided_anew_chance = 0.02;
  at_any_time.wants_stop_chance = 0.05;
  REQUIRE(outcome_of(run(at_any_time)) == undisturbed);
  WithCuts then;
  for (const auto& cut : *at_any_time.taken)
    then.times.push_back(cut->time);
  REQUIRE(outcome_of(run(then)) == undisturbed);
  REQUIRE(then.taken->size() == at_any_time.taken->size());
  for (std::size_t i = 0; i < then.taken->size(); ++i)
    REQUIRE(same_images(*(*then.taken)[i], *(*at_any_time.taken)[i]));

  for (std::size_t i = 0; i < oracle.size(); ++i)
    for (const std::size_t domains : {0u, 1u, 2u, 5u}) {
      INFO("from " << oracle[i]->time << " on domains " << domains);
      WithCuts again;
      again.domains = domains;
      again.seed = seed + domains;
      again.times = times; // the first one is where it begins: the same cut again
      again.times.erase(again.times.begin(), again.times.begin() + static_cast<std::ptrdiff_t>(i));
      again.from = oracle[i];
      REQUIRE(outcome_of(run(again)) == undisturbed);
      require_same_cuts(again, i);
    }
  return then.taken->size();
}

} // namespace

namespace {

/// Two domains. Once the world has stopped, somebody from outside comes to `entry`.
class WithVisitor {
public:
  static constexpr double stop_time = 10;
  double came_at = 0;
  detail::Cell* entry = nullptr;

  RunSummary run(World& world);

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

class Idler : public Agent<Idler, ForwardSimulation<Minkowski<2>, WithVisitor>> {
public:
  using Agent::Agent;
  ChannelWriter<Idler> other;
};

class Visitor final : public detail::OutsideTask {
public:
  explicit Visitor(WithVisitor& resource) : resource_(resource) {}
  void run(detail::Injector& engine) override {
    auto* lambda =
        detail::make_closure<detail::Portability::node_bound, Idler>(nullptr, [](Idler&) {});
    resource_.came_at = engine.inject(*resource_.entry, *lambda).value_or(0);
  }
  void refuse() override {}

private:
  WithVisitor& resource_;
};

RunSummary WithVisitor::run(World& world) {
  std::vector<detail::RunnerIndex> ready;
  detail::DomainSet set(world, 2, [&ready](detail::RunnerIndex r) { ready.push_back(r); });
  bool has_stopped = false;
  world.next_stop = stop_time;
  world.at_stop = [&has_stopped](const WorldAtStop&) {
    has_stopped = true;
    return Instant::never().absorption;
  };
  set.start();
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (std::exchange(has_stopped, false)) {
      std::unique_ptr<detail::OutsideTask> visitor = std::make_unique<Visitor>(*this);
      (void)set.board().post(entry->group.domain(), visitor);
    }
    if (set.run(ready[i].domain(), 100) == detail::Domain::Slice::more)
      ready.push_back(ready[i]);
  }
  return detail::conclude(world, set.counters(), "with a visitor", 0, set.failure());
}

} // namespace

TEST_CASE("what comes from outside after a cut comes after it") {
  ForwardSimulation<Minkowski<2>, WithVisitor> simulation;
  {
    const auto scope = simulation.set_up();
    auto* entry = new Idler({0, 0});
    auto* other = new Idler({0, 1});
    entry->other = ChannelWriter(*entry, *other);
    other->other = ChannelWriter(*other, *entry);
    other->after(2, [](Idler&) {}); // the last thing that happens before the cut
    simulation.resource().entry = &detail::CellOf::get(*entry);
  }
  const RunSummary run = simulation.run(100);
  CHECK(run.absorbed == 2);
  CHECK(simulation.resource().came_at >= WithVisitor::stop_time);
}

TEST_CASE("a random world has one state at each time, and goes on from it on any engine") {
  std::size_t wanted = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("world seed " << seed);
    WorldPlan plan = plan_of(seed);
    plan.end_time = std::min(plan.end_time, 8.0); // later on, some worlds explode
    wanted += check_cuts(
        [&plan](const WithCuts& resource) { return run_random_world(plan, {}, resource); },
        some_times(seed, plan.end_time, plan.on_grid), seed);
  }
  CHECK(wanted > 100);
}

TEST_CASE("an unusual world has one state at each time, and goes on from it on any engine") {
  std::size_t wanted = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    wanted += check_cuts(
        [&plan](const WithCuts& resource) { return run_unusual_world(plan, {}, resource); },
        some_times(seed, plan.end_time, true), seed);
  }
  CHECK(wanted > 100);
}

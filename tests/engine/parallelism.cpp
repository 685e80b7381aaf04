// What the summary says of how much of a run was parallel, and of who held it back.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

/// All domains of a run in turn, whose agents begin divided or together as seems best.
class InTurn {
public:
  RunSummary run(World& world) {
    std::vector<detail::RunnerIndex> ready;
    const detail::Effects own = std::exchange(world.setup.effects, {});
    detail::DomainSet set(
        world, own, 2, 0, [&ready](detail::RunnerIndex r) { ready.push_back(r); }, nullptr, {},
        detail::DomainSet::Start::as_seems_best);
    set.start();
    for (std::size_t i = 0; i < ready.size(); ++i)
      if (set.run(ready[i].domain(), 100) == detail::Domain::Slice::more)
        ready.push_back(ready[i]);
    return detail::conclude(world, set.counters(), "in turn", 0, set.failure(),
                            set.engine_counters());
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

template <class Resource>
using On = ForwardSimulation<Minkowski<2>, Resource>;

/// Two of them play ping-pong.
template <class Resource>
class Player : public Agent<Player<Resource>, On<Resource>> {
public:
  using Agent<Player, On<Resource>>::Agent;
  ChannelWriter<Player> other;

  void hit() {
    other.send([](Player& player) { player.hit(); });
  }
};

template <class Resource>
RunSummary play(double distance, double velocity, int companions, Resource resource = {}) {
  On<Resource> simulation({}, std::move(resource));
  {
    const auto scope = simulation.set_up();
    auto* left = new Player<Resource>({0, 0});
    auto* right = new Player<Resource>({0, distance});
    left->other = ChannelWriter(*left, *right);
    right->other = ChannelWriter(*right, *left);
    right->velocity = {velocity};
    for (int i = 1; i <= companions; ++i) { // who hear and say nothing
      auto* leftmost = new Player<Resource>({0, -0.01 * i});
      leftmost->other = ChannelWriter(*leftmost, *left);
      auto* rightmost = new Player<Resource>({0, distance + 0.01 * i});
      rightmost->other = ChannelWriter(*rightmost, *right);
    }
    left->after(0, [](Player<Resource>& player) { player.hit(); });
  }
  return simulation.run(100);
}

} // namespace

TEST_CASE("who waits for another domain is named, and how far it is from whom it hears") {
  const RunSummary summary = play(0.25, 0, 0, ShuffledDomains(2, 7));
  const EngineCounters& counters = summary.engine_counters;
  CHECK(counters.waits > 0);
  CHECK(counters.events_together == 0);
  CHECK_THAT(counters.held_back.agent, Contains("0.25 s of light from agent"));
  CHECK(counters.held_back.waits > 0);
  CHECK(counters.held_back.waits <= static_cast<double>(counters.waits));
}

TEST_CASE("agents that begin together are counted, and named for whom they do") {
  const RunSummary moving = play<InTurn>(1, 0.5, 5);
  CHECK(moving.absorbed > 0);
  CHECK(moving.engine_counters.events_together == moving.absorbed);
  CHECK_THAT(moving.engine_counters.held_back.agent,
             Contains("1 s of light from agent") && Contains("(in motion)"));

  const RunSummary entangled = play<InTurn>(1, 0, 0); // all that happens crosses the border
  CHECK(entangled.engine_counters.events_together == entangled.absorbed);
  CHECK(entangled.engine_counters.held_back.agent == "many agents hear others far away");

  const RunSummary at_rest = play<InTurn>(1, 0, 5);
  CHECK(at_rest.absorbed == entangled.absorbed);
  CHECK(at_rest.engine_counters.events_together == 0);
}

TEST_CASE("the summary says in a line how much of the run was parallel") {
  RunSummary summary;
  summary.absorbed = 1000;
  summary.wall_time_s = 2;
  EngineCounters& counters = summary.engine_counters;
  CHECK_THAT(summary.to_string(), !Contains("parallel")); // the serial engine

  counters.workers = 2;
  counters.busy_s = 3.62;
  CHECK_THAT(summary.to_string(), Contains("\nparallel        1.8 of 2 workers busy\n"));

  counters.events_together = 250;
  counters.waits = 40;
  counters.held_back = {"agent 7 (Queue), 0.001 s of light from agent 12", 10};
  CHECK_THAT(summary.to_string(),
             Contains("\nparallel        1.8 of 2 workers busy, 25 % of the events by one alone, "
                      "40 waits; held back: agent 7 (Queue), 0.001 s of light from agent 12 (25 % "
                      "of the waits)\n"));
}

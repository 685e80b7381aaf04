// Several simulations at once on one cluster, each by its name, with its own agents, digest and
// end.

#include "support/nodes_in_threads.hpp"
#include "support/random_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;

/// Hands a ball to the next one in a ring, for as long as the simulation goes on.
class Player : public Agent<Player, Simulation> {
public:
  explicit Player(const Minkowski<4>& position) : Agent(position) {}

  void take(int throws) {
    if (throws == fails_after)
      throw std::runtime_error("the ball is lost");
    next.send([](Player& other, int count) { other.take(count); }, throws + 1);
  }
  ChannelWriter<Player> next;
  int fails_after = -1;
};

/// Counts on its own, with random pauses.
class Counter : public Agent<Counter, Simulation> {
public:
  explicit Counter(const Minkowski<4>& position) : Agent(position) {}

  void count() {
    after(random().uniform(0.1, 1), [](Counter& self) { self.count(); });
  }
};

/// A simulation of the test: how it is set up, and when it ends.
struct Play {
  std::string name;
  std::function<void()> set_up;
  double end_time = 0;
};

Play ring(std::string name, int players, double end_time, int fails_after = -1) {
  return {std::move(name),
          [=] {
            std::vector<Player*> ring;
            for (int i = 0; i < players; ++i)
              ring.push_back(new Player({0, 0.25 * i, 0, 0}));
            for (int i = 0; i < players; ++i)
              ring[i]->next = ChannelWriter(*ring[i], *ring[(i + 1) % players]);
            ring[players / 2]->fails_after = fails_after;
            ring[0]->take(0);
          },
          end_time};
}

Play counters(std::string name, int count, double end_time) {
  return {std::move(name),
          [=] {
            for (int i = 0; i < count; ++i)
              (new Counter({0, 1.0 * i, 0, 0}))->count();
          },
          end_time};
}

Play random_world(std::string name, std::uint64_t seed) {
  const WorldPlan plan = plan_of(seed);
  return {std::move(name), [plan] { populate<Simulation, 0>(plan); }, std::min(plan.end_time, 6.0)};
}

/// The digest of a run, or else the text of its error.
std::string play(Simulation& simulation, const Play& play) {
  try {
    {
      const auto scope = simulation.set_up();
      play.set_up();
    }
    return simulation.run(play.end_time).digest.to_string();
  } catch (const std::exception& problem) {
    return problem.what();
  }
}

std::string play_serially(const Play& of) {
  RunOptions options;
  options.serial = true;
  options.progress = ProgressMode::never;
  options.simulation_name = of.name;
  Simulation simulation(options);
  return play(simulation, of);
}

std::string play_on(NodeInThread& node, const Play& of) {
  RunOptions options = node.options;
  options.simulation_name = of.name;
  options.cluster.placement = PlacementName::round_robin;
  Simulation simulation(options, ThreadPool<1>(node.system, node.node));
  return play(simulation, of);
}

/// What came out of simulations, by their names and the nodes.
class Outcomes {
public:
  void add(const std::string& name, std::size_t node, const std::string& outcome) {
    const std::lock_guard lock(mutex_);
    of_[name].emplace(node, outcome);
  }
  [[nodiscard]] const std::multimap<std::size_t, std::string>& of(const std::string& name) {
    return of_[name];
  }

private:
  std::mutex mutex_;
  std::map<std::string, std::multimap<std::size_t, std::string>> of_;
};

/// Runs all of them at the same time, each in a thread of its own on each node.
void play_at_once(NodeInThread& node, const std::vector<Play>& plays, Outcomes& outcomes) {
  std::vector<std::future<void>> threads;
  for (const Play& of : plays)
    threads.push_back(std::async(std::launch::async, [&node, &of, &outcomes] {
      outcomes.add(of.name, node.index, play_on(node, of));
    }));
  for (std::future<void>& thread : threads)
    thread.get();
}

void check_as_if_alone(Outcomes& outcomes, const std::vector<Play>& plays, std::size_t nodes) {
  for (const Play& of : plays) {
    INFO("simulation " << of.name);
    CHECK(outcomes.of(of.name).size() == nodes);
    const std::string wanted = play_serially(of);
    for (const auto& [node, outcome] : outcomes.of(of.name))
      CHECK(outcome == wanted);
  }
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("simulations that run at once on one cluster have the digests that they have alone") {
  const std::vector<Play> plays{ring("ring", 12, 200), counters("counters", 20, 100),
                                random_world("world", 4)};
  for (const std::size_t simulations : {2, 3})
    for (const std::size_t nodes : {2, 3}) {
      INFO(simulations << " simulations on " << nodes << " nodes");
      const std::vector<Play> some(plays.begin(),
                                   plays.begin() + static_cast<std::ptrdiff_t>(simulations));
      Outcomes outcomes;
      nodes_in_threads(nodes, [&](NodeInThread& node) { play_at_once(node, some, outcomes); });
      check_as_if_alone(outcomes, some, nodes);
    }
}

TEST_CASE("a simulation that fails does not disturb those that run beside it") {
  constexpr std::size_t nodes = 3;
  const std::vector<Play> plays{ring("good", 12, 200), ring("bad", 12, 200, 18),
                                counters("counters", 20, 100)};
  Outcomes outcomes;
  nodes_in_threads(nodes, [&](NodeInThread& node) { play_at_once(node, plays, outcomes); });
  check_as_if_alone(outcomes, plays, nodes);
  for (const auto& [node, outcome] : outcomes.of("bad")) {
    CHECK(contains(outcome, "the ball is lost"));
    CHECK(contains(outcome, "Player"));
  }
}

TEST_CASE("a simulation whose nodes set up something else stops, and those beside it go on") {
  constexpr std::size_t nodes = 2;
  Outcomes outcomes;
  const Play good = ring("good", 12, 200);
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    play_at_once(node, {good, ring("bad", 12 + static_cast<int>(node.index), 200)}, outcomes);
  });
  check_as_if_alone(outcomes, {good}, nodes);
  CHECK(outcomes.of("bad").size() == nodes);
  for (const auto& [node, outcome] : outcomes.of("bad"))
    CHECK(contains(outcome, "the nodes do not agree"));
}

TEST_CASE("a simulation that not all nodes start is an error in time, and the others run") {
  constexpr std::size_t nodes = 3;
  RunOptions options;
  options.cluster.start_timeout_s = 3;
  Outcomes outcomes;
  const Play good = ring("good", 12, 200);
  std::barrier all_are_through(nodes);
  nodes_in_threads(
      nodes,
      [&](NodeInThread& node) {
        std::vector<Play> plays{good};
        if (node.index != 1)
          plays.push_back(counters("lonely", 5, 10));
        play_at_once(node, plays, outcomes);
        all_are_through.arrive_and_wait(); // a node that leaves would be an error, too
      },
      options);
  check_as_if_alone(outcomes, {good}, nodes);
  CHECK(outcomes.of("lonely").size() == 2);
  for (const auto& [node, outcome] : outcomes.of("lonely")) {
    INFO(outcome);
    CHECK(contains(outcome, "have not come to simulation lonely within 3 s "
                            "(cluster.start_timeout): "));
    CHECK(contains(outcome, "node2"));
  }
}

TEST_CASE("whoever came too late to a simulation can run it together with the others later") {
  constexpr std::size_t nodes = 3;
  RunOptions options;
  options.cluster.start_timeout_s = 1.5;
  Outcomes outcomes;
  const Play of = ring("late", 12, 100);
  // Whoever has met somebody for this one has heard before that of the attempts that were given up.
  const Play between = counters("between", 3, 1);
  std::barrier turn(nodes);
  nodes_in_threads(
      nodes,
      [&](NodeInThread& node) {
        if (node.index == 0)
          outcomes.add("alone", node.index, play_on(node, of));
        turn.arrive_and_wait();
        outcomes.add("between", node.index, play_on(node, between));
        play_at_once(node, {of}, outcomes);
        turn.arrive_and_wait();
        if (node.index == 2)
          outcomes.add("alone", node.index, play_on(node, of));
        turn.arrive_and_wait();
        outcomes.add("between", node.index, play_on(node, between));
        play_at_once(node, {of}, outcomes);
        turn.arrive_and_wait();
      },
      options);
  CHECK(outcomes.of("alone").size() == 2);
  for (const auto& [node, outcome] : outcomes.of("alone"))
    CHECK(contains(outcome, node == 0 ? "node2, node3" : "node1, node2"));
  const std::string wanted = play_serially(of);
  CHECK(outcomes.of("late").size() == 2 * nodes);
  for (const auto& [node, outcome] : outcomes.of("late"))
    CHECK(outcome == wanted);
}

TEST_CASE("simulations of one name can follow each other, also when one has failed") {
  constexpr std::size_t nodes = 2;
  const Play good = ring("again", 12, 50);
  const Play bad = ring("again", 12, 50, 18);
  Outcomes outcomes;
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    for (int i = 0; i < 10; ++i) {
      outcomes.add("good", node.index, play_on(node, good));
      outcomes.add("bad", node.index, play_on(node, bad));
    }
  });
  const std::string wanted = play_serially(good);
  CHECK(outcomes.of("good").size() == 10 * nodes);
  for (const auto& [node, outcome] : outcomes.of("good"))
    CHECK(outcome == wanted);
  for (const auto& [node, outcome] : outcomes.of("bad"))
    CHECK(contains(outcome, "the ball is lost"));
}

TEST_CASE("a simulation whose name is taken on its node is refused, and the first one runs") {
  constexpr std::size_t nodes = 2;
  Outcomes outcomes;
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    RunOptions options = node.options;
    options.simulation_name = "twin";
    Simulation simulation(options, ThreadPool<1>(node.system, node.node));
    std::vector<caf::actor> players;
    {
      const auto scope = simulation.set_up();
      for (int i = 0; i < 2; ++i) {
        auto* counter = new Counter({0, 1.0 * i, 0, 0});
        counter->count();
        players.push_back(actor_handle(*counter));
      }
    }
    auto run = std::async(std::launch::async, [&] { return simulation.run(1e12); });
    // It runs as soon as one of its agents can be found.
    while (!node.node.find_agent({"twin", "", 1}, std::chrono::seconds(1)))
      std::this_thread::yield();
    outcomes.add("second", node.index, play_on(node, ring("twin", 12, 10)));
    outcomes.add("other", node.index, play_on(node, ring("other", 12, 10)));
    if (node.index == 0)
      for (const caf::actor& player : players)
        inject<Counter>(player, [](Counter& counter) { counter.die(); });
    CHECK_NOTHROW(run.get());
  });
  CHECK(outcomes.of("second").size() == nodes);
  for (const auto& [node, outcome] : outcomes.of("second"))
    CHECK(contains(outcome, "simulation twin runs on this node already: simulations that run at "
                            "the same time need different names (simulation.name)"));
  const std::string wanted = play_serially(ring("other", 12, 10));
  for (const auto& [node, outcome] : outcomes.of("other"))
    CHECK(outcome == wanted);
}

TEST_CASE("who waits for a node whose own part has failed hears why") {
  constexpr std::size_t nodes = 3;
  RunOptions options;
  options.cluster.start_timeout_s = 3;
  Outcomes outcomes;
  const Play good = ring("good", 12, 200);
  std::barrier all_are_through(nodes);
  nodes_in_threads(
      nodes,
      [&](NodeInThread& node) {
        auto bad = std::async(std::launch::async, [&] {
          RunOptions own = node.options;
          own.simulation_name = "bad";
          Simulation simulation(own, ThreadPool<1>(node.system, node.node));
          simulation.resource().place_by([&node](const PlacementInput& input) {
            if (node.index == 1)
              throw std::runtime_error("there is no map");
            return Placement(input.positions.size());
          });
          outcomes.add("bad", node.index, play(simulation, ring("bad", 12, 200)));
        });
        play_at_once(node, {good}, outcomes);
        bad.get();
        all_are_through.arrive_and_wait();
      },
      options);
  check_as_if_alone(outcomes, {good}, nodes);
  CHECK(outcomes.of("bad").size() == nodes);
  for (const auto& [node, outcome] : outcomes.of("bad")) {
    INFO(outcome);
    CHECK(contains(outcome, "there is no map"));
    CHECK((node == 1 || contains(outcome, "node node2 has left simulation bad: ")));
  }
}

TEST_CASE("simulations of one process are on one node, whose options they share") {
  std::thread([] { // the node ends with it
    RunOptions options;
    options.distributed = true;
    options.progress = ProgressMode::never;
    options.cluster.address = {"127.0.0.1", 0};
    const Play of = ring("ring", 6, 10);
    const auto run = [&of](const RunOptions& with) {
      Simulation simulation(with);
      return play(simulation, of);
    };
    const std::string first = run(options);
    RunOptions other = options;
    other.cluster.placement = PlacementName::block;
    other.simulation_name = "other";
    const std::string second = run(other);
    other.cluster.name = "other";
    const std::string third = run(other);
    CHECK(first == play_serially(of));
    CHECK(second == first);
    CHECK(contains(third, "simulation other wants another cluster"));
  })
      .join();
}

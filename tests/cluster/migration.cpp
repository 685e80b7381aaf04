// Agents that move between nodes while something particular is under way. Everything happens far
// from the others in spacetime, and near two agents on two nodes whose ping-pong sets the pace, so
// that a stop finds it as it is meant to.

#include "libstos/agent/simulation.hpp"
#include "support/numbers.hpp"
#include "support/shuffled_domains.hpp"
#include "support/virtual_cluster.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

class Walker : public Agent<Walker, Simulation> {
public:
  explicit Walker(const Minkowski<4>& position) : Agent(position) {}

  void play(int left) {
    if (left > 0)
      out.at(0).send([](Walker& other, int balls) { other.play(balls); }, left - 1);
  }
  void hear(const std::string& text) {
    heard.push_back(text);
    if (random().bernoulli(0.5)) // so that a stream that was lost is noticed
      after(random().uniform(0, 1), [](Walker& self) { self.heard.emplace_back("later"); });
  }

  std::map<int, ChannelWriter<Walker>> out;
  std::vector<std::string> heard;

private:
  friend struct stos::AgentMaker;
  Walker() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Walker& x) {
    return f.object(x).fields(f.field("out", x.out), f.field("heard", x.heard));
  }
};

/// Cannot move: nobody knows what its members are.
class Stone : public Agent<Stone, Simulation> {
public:
  explicit Stone(const Minkowski<4>& position) : Agent(position) {}
};

/// Nor can this one: nothing makes the agent that inspect would load.
class Unmade : public Agent<Unmade, Simulation> {
public:
  explicit Unmade(const Minkowski<4>& position) : Agent(position) {}

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Unmade& x) {
    return f.object(x).fields();
  }
};

/// Cannot move either: its channel would be lost.
class Forgetful : public Agent<Forgetful, Simulation> {
public:
  Forgetful() = default;
  explicit Forgetful(const Minkowski<4>& position) : Agent(position) {}
  ChannelWriter<Forgetful> out;

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Forgetful& x) {
    return f.object(x).fields();
  }
};

/// Nor this one, whose inspect does what only events may do.
class Busy : public Agent<Busy, Simulation> {
public:
  Busy() = default;
  explicit Busy(const Minkowski<4>& position) : Agent(position) {}

private:
  template <class Inspector>
  friend bool inspect(Inspector& f, Busy& x) {
    x.after(1, [](Busy&) {});
    return f.object(x).fields();
  }
};

struct Request {
  double time; ///< asked for once the pace has come to it
  std::vector<AgentMove> moves;
};

/// Agent 1 and 2 set the pace, on nodes 0 and 1; then come those of `set_up`.
struct Scene {
  std::function<void(Walker& pace)> set_up;
  std::vector<std::size_t> nodes; ///< of the agents of set_up
  std::vector<Request> requests;
  double end_time = 200;
  std::size_t all_nodes = 3;
};

std::unique_ptr<Simulation> make(const Scene& scene) {
  RunOptions options;
  options.seed = 5;
  auto simulation = std::make_unique<Simulation>(options);
  const auto scope = simulation->set_up();
  auto* ping = new Walker({0, 0, 0, 0});
  auto* pong = new Walker({0, 1, 0, 0});
  ping->out[0] = ChannelWriter(*ping, *pong);
  pong->out[0] = ChannelWriter(*pong, *ping);
  ping->after(0, [](Walker& self) { self.play(1'000); });
  scene.set_up(*ping);
  return simulation;
}

struct Played {
  std::vector<MoveOutcome> outcomes;
  std::vector<MoveCounters> counters; ///< by node
  std::map<std::uint64_t, std::size_t>
      places; ///< of agents that lived, a while after the last answer
};

std::vector<std::size_t> with_pace(std::vector<std::size_t> nodes) {
  nodes.insert(nodes.begin(), {0, 1});
  return nodes;
}

Played play(const Scene& scene, std::uint64_t seed) {
  const RunSummary oracle = make(scene)->run(scene.end_time);
  std::vector<std::unique_ptr<Simulation>> simulations;
  std::vector<World*> worlds;
  for (std::size_t i = 0; i < scene.all_nodes; ++i) {
    simulations.push_back(make(scene));
    worlds.push_back(&simulations.back()->world());
    worlds.back()->end_time = scene.end_time;
    worlds.back()->begin_run();
  }
  const std::vector<std::size_t> nodes = with_pace(scene.nodes);
  VirtualCluster::Shape shape;
  shape.nodes = scene.all_nodes;
  shape.domains = 1 + seed % 2;
  VirtualCluster cluster(shape, seed);
  Played played;
  std::size_t asked = 0;
  std::size_t awaited = 0;
  bool in_time = true; // it has stopped before what shall be under way has arrived
  cluster.before_step = [&](VirtualCluster& now) {
    const auto node_of_pace = now.node_of(AgentId::initial(0));
    if (now.outcomes().size() < awaited || !node_of_pace)
      return;
    const double pace = now.find(*node_of_pace, AgentId::initial(0))->now;
    if (!in_time && awaited > 0) {
      in_time = true;
      if (node_of_pace == 0) // else nobody sets a pace any more
        REQUIRE(pace < scene.requests[asked - 1].time + 20);
    }
    if (asked == scene.requests.size() && played.places.empty() &&
        pace > scene.requests.back().time + 40) {
      for (std::uint64_t i = 0; i < nodes.size(); ++i)
        if (const auto node = now.node_of(AgentId::initial(i)))
          played.places[i + 1] = *node;
    }
    if (asked < scene.requests.size() && pace >= scene.requests[asked].time) {
      in_time = false;
      awaited += scene.requests[asked].moves.size();
      (void)now.request(seed % scene.all_nodes, scene.requests[asked++].moves);
    }
  };
  const RunSummary run = cluster.run(worlds, [&](std::size_t i) { return nodes[i]; });
  for (std::size_t i = 0; i < scene.all_nodes; ++i)
    played.counters.push_back(cluster.move_counters(i));
  CHECK(run.digest.to_string() == oracle.digest.to_string());
  CHECK(run.absorbed == oracle.absorbed);
  CHECK(run.in_flight == oracle.in_flight);
  CHECK(run.dropped == oracle.dropped);
  CHECK(run.sent == run.absorbed + run.in_flight + run.dropped);
  REQUIRE(asked == scene.requests.size());
  REQUIRE(cluster.outcomes().size() == awaited);
  REQUIRE(!played.places.empty());
  played.outcomes = cluster.outcomes();
  return played;
}

/// Plays the scene with its agents on any nodes, moving to any nodes at `time`.
void play_everywhere(Scene scene, std::size_t agents, double time) {
  std::size_t ways = 1;
  for (std::size_t i = 0; i < 2 * agents; ++i)
    ways *= scene.all_nodes;
  for (std::size_t way = 0; way < ways; ++way) {
    scene.nodes.clear();
    std::vector<AgentMove> moves;
    std::size_t rest = way;
    for (std::size_t i = 0; i < agents; ++i, rest /= scene.all_nodes)
      scene.nodes.push_back(rest % scene.all_nodes);
    for (std::size_t i = 0; i < agents; ++i, rest /= scene.all_nodes)
      moves.push_back({AgentId{3 + i}, NodeIndex(rest % scene.all_nodes)});
    scene.requests = {{time, moves}};
    INFO("way " << way);
    const Played played = play(scene, way);
    for (std::size_t i = 0; i < agents; ++i) {
      CHECK(played.outcomes[i].result == (moves[i].node.number() == scene.nodes[i]
                                              ? MoveResult::already_there
                                              : MoveResult::moved));
      CHECK(played.places.at(3 + i) == moves[i].node.number());
    }
  }
}

/// An agent whom the pace holds back.
Walker& walker(Walker& pace, double x, double y) {
  auto* walker = new Walker({0, x, y, 0});
  pace.out.emplace(static_cast<int>(pace.out.size()), ChannelWriter(pace, *walker));
  return *walker;
}

constexpr AgentId first{3};
constexpr AgentId second{4};

MoveOutcome outcome_of(const Scene& scene) { return play(scene, 1).outcomes.at(0); }

} // namespace

TEST_CASE("a moved agent takes along what is queued in its mailbox, and its timers") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& near = walker(pace, 0, 1);
    Walker& far = walker(pace, 0, 101);
    far.out[1] = ChannelWriter(far, near);
    far.out[1].send([](Walker& w, const std::string& text) { w.hear(text); }, std::string("old"));
    near.out[1] = ChannelWriter(near, far);
    near.after(90, [](Walker& w) {
      w.hear("timer");
      w.out[1].send([](Walker& other, const std::string& text) { other.hear(text); },
                    w.heard.front());
    });
  };
  play_everywhere(scene, 2, 20);
}

TEST_CASE("references in transit survive moves of who issued, holds and is meant by them") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& issuer = walker(pace, 0, 101);
    Walker& holder = walker(pace, 0, 1);
    Walker& target = walker(pace, 0, 3);
    issuer.out[1] = ChannelWriter(issuer, holder);
    issuer.out[2] = ChannelWriter(issuer, target);
    issuer.out[1].send([about = issuer.out[2].target()](Walker& w) {
      w.out[7] = ChannelWriter(w, about);
      w.out[7].send([](Walker& t, const std::string& text) { t.hear(text); }, std::string("hi"));
    });
  };
  play_everywhere(scene, 3, 20);
}

TEST_CASE("a lambda on a channel that is closed by now survives a move") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& writer = walker(pace, 0, 61);
    Walker& reader = walker(pace, 0, 1);
    writer.out[1] = ChannelWriter(writer, reader);
    writer.velocity = Velocity<4>(0.1, 0, 0);
    writer.after(20, [](Walker& w) {
      w.out[1].send([](Walker& r, const std::string& text) { r.hear(text); }, std::string("a"));
      w.out[1].send([](Walker& r, const std::string& text) { r.hear(text); }, std::string("b"));
      w.out.erase(1);
    });
    reader.after(70, [](Walker& r) { r.velocity = Velocity<4>(0, 0.2, 0); });
  };
  play_everywhere(scene, 2, 40);
}

TEST_CASE("a moved agent still has a channel to one that has died") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& mourner = walker(pace, 0, 1);
    Walker& mortal = walker(pace, 0, 2);
    mourner.out[1] = ChannelWriter(mourner, mortal);
    mortal.after(10, [](Walker& w) { w.die(); });
    mourner.after(80, [](Walker& w) { w.out[1].send([](Walker& m) { m.hear("too late"); }); });
    mourner.after(90, [](Walker& w) { w.out.erase(1); });
  };
  for (std::size_t way = 0; way < 27; ++way) {
    scene.nodes = {way % 3, way / 3 % 3};
    const NodeIndex target(way / 9);
    scene.requests = {{30, {{first, target}, {second, target}}}};
    INFO("way " << way);
    const Played played = play(scene, way);
    CHECK(played.places.at(3) == target.number());
    CHECK(played.outcomes.at(1).result == MoveResult::no_such_agent);
    CHECK(played.places.count(4) == 0);
  }
}

TEST_CASE("agents move on, and back, and several times in one request") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& a = walker(pace, 0, 1);
    Walker& b = walker(pace, 0, 4);
    a.out[0] = ChannelWriter(a, b);
    b.out[0] = ChannelWriter(b, a);
    a.after(0, [](Walker& w) { w.play(30); });
  };
  scene.nodes = {0, 1};
  scene.requests = {{10, {{first, 1_node}}},
                    {30, {{first, 2_node}, {second, 2_node}}},
                    {50, {{first, 0_node}}},
                    {70, {{second, 0_node}, {second, 1_node}}},
                    {90, {{first, 1_node}, {first, 2_node}, {first, 0_node}}}};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Played played = play(scene, seed);
    for (const MoveOutcome& outcome : played.outcomes)
      CHECK(outcome.result == MoveResult::moved);
    CHECK(played.places.at(3) == 0);
    CHECK(played.places.at(4) == 1);
  }
}

TEST_CASE("children of a moved agent are the same as if it had stayed") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& parent = walker(pace, 0, 1);
    for (const double time : {5, 15, 60, 80})
      parent.after(time, [](Walker& w) {
        auto* child = new Walker(w.position() + Minkowski<4>(1, 0, 0, 0));
        w.out[static_cast<int>(w.out.size())] = ChannelWriter(w, *child);
        child->out[1] = ChannelWriter(*child, w);
        child->after(30, [](Walker& c) { c.out[1].send([](Walker& p) { p.hear("mother"); }); });
      });
  };
  play_everywhere(scene, 1, 30);
}

TEST_CASE("all agents can move to one node") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    std::vector<Walker*> ring;
    for (int i = 0; i < 12; ++i)
      ring.push_back(&walker(pace, i, 1));
    for (std::size_t i = 0; i < ring.size(); ++i) {
      ring[i]->out[0] = ChannelWriter(*ring[i], *ring[(i + 1) % ring.size()]);
      ring[i]->out[1] = ChannelWriter(*ring[i], *ring[i]);
      ring[i]->after(static_cast<double>(i) / 10, [](Walker& w) { w.play(20); });
    }
  };
  std::vector<AgentMove> moves;
  for (std::uint64_t i = 1; i <= 14; ++i) {
    moves.push_back({AgentId{i}, 2_node});
    if (i > 2)
      scene.nodes.push_back(i % 3);
  }
  scene.requests = {{10, moves}};
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const auto& [agent, node] : play(scene, seed).places)
      CHECK(node == 2);
}

TEST_CASE("an agent whose class has no inspect stays, and the answer says what it needs") {
  Scene scene;
  scene.set_up = [](Walker&) { new Stone({0, 0, 1, 0}); };
  scene.nodes = {1};
  scene.requests = {{10, {{first, 2_node}}}};
  const MoveOutcome outcome = outcome_of(scene);
  CHECK(outcome.result == MoveResult::not_serialisable);
  CHECK_THAT(outcome.text, Catch::Contains("Stone") && Catch::Contains("bool inspect(") &&
                               Catch::Contains("default constructor"));
}

TEST_CASE("moves are counted where the agents are, whoever has asked") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    new Stone({0, 0, 1, 0});
    (void)walker(pace, 0, 1);
  };
  scene.nodes = {1, 2};
  scene.requests = {{10, {{first, 2_node}, {AgentId{4}, 1_node}, {AgentId{99}, 0_node}}}};
  for (const std::uint64_t asker : {0u, 1u, 2u}) {
    const std::vector<MoveCounters> counters = play(scene, asker).counters;
    for (std::size_t node = 0; node < 3; ++node) {
      CHECK(counters[node].refused == (node == 1 ? 1 : 0));
      CHECK(counters[node].left == (node == 2 ? 1 : 0));
      const auto none = static_cast<std::size_t>(MoveResult::no_such_agent);
      CHECK(counters[node].answered[none] == (node == asker ? 1 : 0));
    }
  }
}

TEST_CASE("an agent with an inspect, but without a default constructor, stays, and that is said") {
  Scene scene;
  scene.set_up = [](Walker&) { new Unmade({0, 0, 1, 0}); };
  scene.nodes = {1};
  scene.requests = {{10, {{first, 2_node}}}};
  const MoveOutcome outcome = outcome_of(scene);
  CHECK(outcome.result == MoveResult::not_serialisable);
  CHECK_THAT(outcome.text, Catch::Contains("Unmade has an inspect, but no default constructor"));
}

TEST_CASE("an agent whose inspect forgets a channel stays") {
  Scene scene;
  scene.set_up = [](Walker&) {
    auto* agent = new Forgetful({0, 0, 1, 0});
    agent->out = ChannelWriter(*agent, *agent);
  };
  scene.nodes = {1};
  scene.requests = {{10, {{first, 2_node}}}};
  const MoveOutcome outcome = outcome_of(scene);
  CHECK(outcome.result == MoveResult::not_serialisable);
  CHECK_THAT(outcome.text,
             Catch::Contains("does not save the ChannelWriter of its channel number 1"));
}

TEST_CASE("an agent whose inspect sets a timer stays") {
  Scene scene;
  scene.set_up = [](Walker&) { new Busy({0, 0, 1, 0}); };
  scene.nodes = {1};
  scene.requests = {{10, {{first, 2_node}}}};
  const MoveOutcome outcome = outcome_of(scene);
  CHECK(outcome.result == MoveResult::not_serialisable);
  CHECK_THAT(outcome.text, Catch::Contains("tried to set a timer of"));
}

TEST_CASE("a lambda of send_local that is queued keeps its agent on the node") {
  Scene scene;
  scene.set_up = [](Walker& pace) {
    Walker& near = walker(pace, 0, 1);
    Walker& far = walker(pace, 0, 101);
    far.out[1] = ChannelWriter(far, near);
    far.out[1].send_local([text = std::string("local")](Walker& w) { w.hear(text); });
  };
  scene.nodes = {1, 1};
  scene.requests = {{10, {{first, 2_node}}}};
  const MoveOutcome outcome = outcome_of(scene);
  CHECK(outcome.result == MoveResult::not_serialisable);
  CHECK_THAT(outcome.text, Catch::Contains("waits in its mailbox") && Catch::Contains("lambda"));
}

TEST_CASE("agents that are not there, or there already, are answers and no errors") {
  Scene scene;
  scene.set_up = [](Walker& pace) { (void)walker(pace, 0, 1); };
  scene.nodes = {1};
  scene.requests = {
      {10, {{AgentId{99}, 0_node}, {first, 1_node}, {first, 0_node}, {first, 0_node}}}};
  const std::vector<MoveOutcome> outcomes = play(scene, 3).outcomes;
  CHECK(outcomes.at(0).result == MoveResult::no_such_agent);
  CHECK(outcomes.at(1).result == MoveResult::already_there);
  CHECK(outcomes.at(2).result == MoveResult::moved);
  CHECK(outcomes.at(3).result == MoveResult::already_there);
}

// Agents of a cluster among ordinary actors: found, asked and watched from anywhere, wherever they
// live and move to.

#include "support/nodes_in_threads.hpp"

#include <caf/system_messages.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <mutex>
#include <optional>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;

constexpr std::chrono::seconds patience{20};

/// Counts the seconds of its own clock, for ever.
class Chronometer : public Agent<Chronometer, Simulation> {
public:
  explicit Chronometer(const Minkowski<4>& position) : Agent(position) {}

  void tick() {
    ++seconds_;
    after(1, [](Chronometer& clock) { clock.tick(); });
  }
  void set(std::int64_t seconds) { seconds_ = seconds; }

  /// Another clock, which is known by its name.
  void bear(const std::string& name) {
    auto* child = new Chronometer(position());
    name_agent(*child, name);
    child->tick();
  }

  caf::behavior make_behavior() {
    return {[this](const std::string& question) -> caf::result<std::int64_t> {
      if (question == "seconds")
        return seconds_;
      return caf::make_error(caf::sec::invalid_argument);
    }};
  }

private:
  friend struct stos::AgentMaker;
  Chronometer() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Chronometer& x) {
    return f.object(x).fields(f.field("seconds", x.seconds_));
  }

  std::int64_t seconds_ = 0;
};

/// What threads find out; Catch2's assertions belong to one of them.
class Findings {
public:
  void expect(bool is_so, const std::string& what) {
    if (is_so)
      return;
    const std::lock_guard lock(mutex_);
    wrong_ += what + "\n";
  }
  ~Findings() { CHECK(wrong_ == ""); }

private:
  std::mutex mutex_;
  std::string wrong_;
};

std::optional<std::int64_t> ask(caf::scoped_actor& self, const caf::actor& clock,
                                std::string* problem = nullptr) {
  std::optional<std::int64_t> answer;
  self->request(clock, patience, std::string("seconds"))
      .receive([&answer](std::int64_t seconds) { answer = seconds; },
               [&](const caf::error& e) {
                 if (problem != nullptr)
                   *problem = caf::to_string(e);
               });
  return answer;
}

/// A world of as many clocks as nodes, one light-second apart, clock i on node i.
class Clocks {
public:
  explicit Clocks(NodeInThread& node)
      : simulation(node.options, ThreadPool<1>(node.system, node.node)) {
    simulation.resource().place_by([](const PlacementInput& input) {
      Placement placement;
      for (std::size_t i = 0; i < input.positions.size(); ++i)
        placement.emplace_back(i % input.nodes);
      return placement;
    });
    const auto scope = simulation.set_up();
    for (std::size_t i = 0; i < node.ports.size(); ++i) {
      auto* clock = new Chronometer({0, static_cast<double>(i), 0, 0});
      clock->tick();
      name_agent(*clock, "clock" + std::to_string(i));
      handles.push_back(actor_handle(*clock));
      ids.push_back(clock->id());
    }
  }

  /// Runs it on a thread of its own.
  void run() {
    thread_ = std::thread([this] {
      try {
        summary = simulation.run(1e15);
      } catch (...) {
        problem_ = std::current_exception();
      }
    });
  }
  void join() {
    thread_.join();
    if (problem_)
      std::rethrow_exception(problem_);
  }

  Simulation simulation;
  std::vector<caf::actor> handles;
  std::vector<AgentId> ids;
  RunSummary summary;

private:
  std::thread thread_;
  std::exception_ptr problem_;
};

} // namespace

TEST_CASE("a handle from the set-up serves on every node, wherever its agent lives") {
  constexpr std::size_t nodes = 3;
  Findings findings;
  std::barrier all_have_asked(nodes);
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    Clocks world(node);
    caf::scoped_actor self(node.system);
    for (const caf::actor& handle : world.handles)
      self->monitor(handle);
    auto early = self->request(world.handles[(node.index + 1) % nodes], patience,
                               std::string("seconds")); // waits for the run
    world.run();
    early.receive([&](std::int64_t seconds) { findings.expect(seconds >= 1, "an early answer"); },
                  [&](const caf::error& e) { findings.expect(false, caf::to_string(e)); });
    for (const caf::actor& handle : world.handles) {
      std::int64_t last = 0;
      for (int i = 0; i < 10; ++i) {
        const auto seconds = ask(self, handle);
        findings.expect(seconds.has_value() && *seconds >= last, "time goes forward");
        last = seconds.value_or(0);
      }
    }
    std::string problem;
    self->request(world.handles[0], patience, std::string("nonsense"))
        .receive([](std::int64_t) {}, [&](const caf::error& e) { problem = caf::to_string(e); });
    findings.expect(problem.find("invalid_argument") != std::string::npos,
                    "nonsense is answered by: " + problem);
    all_have_asked.arrive_and_wait();
    if (node.index == 0)
      for (const caf::actor& handle : world.handles)
        inject<Chronometer>(handle, [](Chronometer& clock) { clock.die(); });
    for (std::size_t i = 0; i < nodes; ++i)
      self->receive([&](const caf::down_msg&) {},
                    caf::after(patience) >> [&] { findings.expect(false, "no down message"); });
    world.join();
    findings.expect(world.summary.agents_died == nodes, "all have died");
    findings.expect(!ask(self, world.handles[1]).has_value(), "the dead do not answer");
  });
}

TEST_CASE(
    "handles, monitors, injections and names go along with an agent that moves, and comes back") {
  constexpr std::size_t nodes = 3;
  Findings findings;
  std::barrier turn(nodes);
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    Clocks world(node);
    caf::scoped_actor self(node.system);
    self->monitor(world.handles[0]);
    world.run();
    std::int64_t last = 0;
    // From node 0 to 1, 2, 0, 2, 1; asked for by another node each time.
    const std::vector<std::uint32_t> way{1, 2, 0, 2, 1};
    for (std::size_t step = 0; step < way.size(); ++step) {
      turn.arrive_and_wait();
      if (node.index == step % nodes) {
        const std::vector<MoveOutcome> outcomes =
            world.simulation.resource()
                .migrate({{world.ids[0], NodeIndex(way[step])}, {AgentId{1'000'000}, NodeIndex(0)}})
                .get();
        std::string seen;
        for (const MoveOutcome& o : outcomes)
          seen += std::string(to_string(o.result)) + " " + o.text + "; ";
        findings.expect(outcomes.size() == 2 && outcomes[0].result == MoveResult::moved &&
                            outcomes[1].result == MoveResult::no_such_agent,
                        "moved to node " + std::to_string(way[step]) + ": " + seen);
        inject<Chronometer>(
            world.handles[0], [](Chronometer& clock, std::int64_t seconds) { clock.set(seconds); },
            static_cast<std::int64_t>((step + 1) * 1'000'000'000'000));
        const auto set = ask(self, world.handles[0]); // comes after the injection
        findings.expect(set && *set >= static_cast<std::int64_t>((step + 1) * 1'000'000'000'000),
                        "set in step " + std::to_string(step));
      }
      turn.arrive_and_wait();
      for (int i = 0; i < 5; ++i) {
        std::string problem;
        const auto seconds = ask(self, world.handles[0], &problem);
        findings.expect(seconds.has_value() && *seconds >= last,
                        "asked in step " + std::to_string(step) + ": " + problem + ", " +
                            std::to_string(seconds.value_or(0)) + " after " + std::to_string(last));
        last = seconds.value_or(0);
      }
      const auto found = node.node.find_agent({"", "clock0", 0}, patience);
      findings.expect(found && ask(self, *found).has_value(), "found by its name");
      const auto by_id = node.node.find_agent({"default", "", world.ids[0].value}, patience);
      findings.expect(by_id && ask(self, *by_id).has_value(), "found by its id");
    }
    const auto seconds = ask(self, world.handles[0]);
    findings.expect(seconds && *seconds > static_cast<std::int64_t>(way.size()) * 1'000'000'000'000,
                    "all injections have come, to the agent and not to a copy of it");
    turn.arrive_and_wait();
    if (node.index == 2)
      self->send_exit(world.handles[0], caf::exit_reason::user_shutdown);
    self->receive([&](const caf::down_msg&) {},
                  caf::after(patience) >> [&] { findings.expect(false, "no down message"); });
    if (node.index == 1)
      for (std::size_t i = 1; i < nodes; ++i)
        inject<Chronometer>(world.handles[i], [](Chronometer& clock) { clock.die(); });
    world.join();
    findings.expect(world.summary.engine_counters.moves == way.size(), "five moves");
  });
}

namespace {

/// Tells everybody whom it has been told of; one of them twice.
class Herald : public Agent<Herald, Simulation> {
public:
  explicit Herald(const Minkowski<4>& position) : Agent(position) { wait(); }

  caf::behavior make_behavior() {
    return {[this](const caf::actor& listener) {
              listeners_.push_back(listener);
              favourite_ = listener;
              return static_cast<std::int64_t>(listeners_.size());
            },
            [this](const std::string& news) {
              for (const caf::actor& listener : listeners_)
                tell(*this, listener, news);
              tell(*this, favourite_, news);
            }};
  }

private:
  friend struct stos::AgentMaker;
  Herald() = default;

  void wait() {
    after(1, [](Herald& herald) { herald.wait(); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Herald& x) {
    return f.object(x).fields(f.field("listeners", x.listeners_),
                              f.field("favourite", x.favourite_), f.field("nobody", x.nobody_));
  }

  std::vector<caf::actor> listeners_;
  caf::actor favourite_;
  caf::strong_actor_ptr nobody_;
};

} // namespace

TEST_CASE("an agent that moves takes along handles of ordinary actors, wherever these are") {
  constexpr std::size_t nodes = 3;
  Findings findings;
  std::barrier turn(nodes);
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    Simulation simulation(node.options, ThreadPool<1>(node.system, node.node));
    caf::actor handle;
    AgentId id;
    {
      const auto scope = simulation.set_up();
      auto* herald = new Herald({0, 0, 0, 0});
      handle = actor_handle(*herald);
      id = herald->id();
    }
    std::thread runs([&] { (void)simulation.run(1e15); });
    caf::scoped_actor self(node.system);
    for (std::size_t i = 0; i < nodes; ++i) { // node 2 is the last one
      turn.arrive_and_wait();
      if (i == node.index)
        self->request(handle, patience, caf::actor_cast<caf::actor>(self))
            .receive([](std::int64_t) {},
                     [&](const caf::error& e) { findings.expect(false, caf::to_string(e)); });
    }
    const std::vector<std::uint32_t> way{1, 2, 0, 1};
    for (std::size_t step = 0; step < way.size(); ++step) {
      turn.arrive_and_wait();
      const std::string news = "step " + std::to_string(step);
      if (node.index == step % nodes) {
        const auto outcomes = simulation.resource().migrate({{id, NodeIndex(way[step])}}).get();
        findings.expect(outcomes.at(0).result == MoveResult::moved, outcomes.at(0).text);
        self->send(handle, news);
      }
      for (std::size_t i = 0; i < (node.index + 1 == nodes ? 2 : 1); ++i)
        self->receive(
            [&](const SpacetimeStamp&, const std::string& heard) {
              findings.expect(heard == news, heard + " instead of " + news);
            },
            caf::after(patience) >> [&] { findings.expect(false, "no news of " + news); });
    }
    turn.arrive_and_wait();
    if (node.index == 0)
      self->send_exit(handle, caf::exit_reason::user_shutdown);
    runs.join();
  });
}

TEST_CASE("no request is lost while the agent that is asked moves to and fro") {
  constexpr std::size_t nodes = 3;
  Findings findings;
  std::barrier turn(nodes);
  std::atomic<bool> moving{true};
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    Clocks world(node);
    caf::scoped_actor self(node.system);
    world.run();
    if (node.index == 0) {
      for (std::uint32_t step = 1; step <= 30; ++step) {
        const auto outcomes =
            world.simulation.resource().migrate({{world.ids[0], NodeIndex(step % 3)}}).get();
        findings.expect(outcomes.at(0).result == MoveResult::moved,
                        "it moved: " + outcomes.at(0).text);
      }
      moving = false;
    } else {
      std::size_t answered = 0;
      while (moving) {
        std::string problem;
        answered += ask(self, world.handles[0], &problem).has_value() ? 1 : 0;
        findings.expect(problem.empty(), problem);
      }
      findings.expect(answered > 0, "somebody asked");
    }
    turn.arrive_and_wait();
    if (node.index == 1)
      for (const caf::actor& handle : world.handles)
        inject<Chronometer>(handle, [](Chronometer& clock) { clock.die(); });
    world.join();
  });
}

TEST_CASE("a foreign process finds agents by name and id, also those that were born meanwhile") {
  constexpr std::size_t nodes = 2;
  Findings findings;
  std::barrier turn(nodes);
  nodes_in_threads(nodes, [&](NodeInThread& node) {
    Clocks world(node);
    world.run();
    if (node.index == 0) {
      inject<Chronometer>(
          world.handles[1], [](Chronometer& clock, const std::string& name) { clock.bear(name); },
          std::string("child"));
      NetworkedSystem foreign;
      caf::scoped_actor self(foreign.system);
      caf::actor child;
      // Born as soon as the injection has been absorbed.
      const auto deadline = std::chrono::steady_clock::now() + patience;
      while (child == nullptr && std::chrono::steady_clock::now() < deadline)
        if (const auto found = find_agent(foreign.system, "127.0.0.1", node.ports[0],
                                          {"default", "child", 0}, patience);
            found)
          child = *found;
      findings.expect(child != nullptr, "the child was found");
      self->monitor(child);
      std::string problem;
      findings.expect(ask(self, child, &problem).has_value(), "the child answers: " + problem);
      const auto other = find_agent(foreign.system, "127.0.0.1", node.ports[0],
                                    {"", "", world.ids[1].value}, patience);
      findings.expect(other && ask(self, *other).has_value(), "who lives on another node answers");
      const auto nobody =
          find_agent(foreign.system, "127.0.0.1", node.ports[1], {"", "nobody", 0}, patience);
      findings.expect(!nobody && nobody.error().context == "there is no agent of the name nobody",
                      "nobody is not found");
      const auto nowhere =
          find_agent(foreign.system, "127.0.0.1", node.ports[1], {"mars", "clock0", 0}, patience);
      findings.expect(!nowhere && nowhere.error().context.find("no simulation named mars") == 0,
                      "no such simulation");
      const auto no_node =
          find_agent(foreign.system, "127.0.0.1", free_ports(1)[0], {"", "clock0", 0}, patience);
      findings.expect(!no_node && no_node.error().code == Errc::io_error, "no node there");

      self->send_exit(child, caf::exit_reason::user_shutdown);
      self->receive([&](const caf::down_msg&) {},
                    caf::after(patience) >> [&] { findings.expect(false, "no down message"); });
      for (const caf::actor& handle : world.handles)
        inject<Chronometer>(handle, [](Chronometer& clock) { clock.die(); });
    }
    world.join();
    findings.expect(world.summary.agents_born == 3, "one was born");
  });
}

TEST_CASE("moves that make no sense are errors, and so are those of a run without other nodes") {
  Findings findings;
  nodes_in_threads(2, [&](NodeInThread& node) {
    Clocks world(node);
    auto too_far = world.simulation.resource().migrate({{world.ids[0], NodeIndex(2)}});
    world.run();
    std::string problem;
    try {
      (void)too_far.get();
    } catch (const UsageError& e) {
      problem = e.what();
    }
    findings.expect(problem.find("node 3 of 2") != std::string::npos, problem);
    if (node.index == 0)
      for (const caf::actor& handle : world.handles)
        inject<Chronometer>(handle, [](Chronometer& clock) { clock.die(); });
    world.join();
    try {
      (void)world.simulation.resource().migrate({{world.ids[0], NodeIndex(1)}}).get();
    } catch (const UsageError& e) {
      problem = e.what();
    }
    findings.expect(problem.find("the simulation has ended") != std::string::npos, problem);
  });

  RunOptions options;
  options.progress = ProgressMode::never;
  Simulation alone(options);
  auto refused = alone.resource().migrate({{AgentId{1}, NodeIndex(0)}});
  (void)alone.run(1);
  CHECK_THROWS_WITH(refused.get(), Catch::Contains("distributed: true"));
}

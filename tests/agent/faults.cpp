// What a model does wrong ends the run with an error that says where: the same one on all engines.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

class Node : public Agent<Node, Simulation> {
public:
  using Agent::Agent;
  ChannelWriter<Node> out;
  ChannelWriter<Node> second;
  RemoteReference<Node> kept;
  Node* raw = nullptr;

  void echo() {
    out.send([](Node& other) { other.echo(); });
  }
};

/// Runs `set_up` for 100 s on each engine; all must fail with `code` at the same place.
void fails_everywhere(Errc code, const std::string& says, const std::function<void()>& set_up,
                      const RunOptions& options = {}) {
  std::string first;
  for (const std::size_t domains : {0u, 1u, 2u, 5u}) {
    INFO("domains " << domains);
    Simulation simulation(options, ShuffledDomains(domains, 7));
    {
      const auto scope = simulation.set_up();
      set_up();
    }
    try {
      (void)simulation.run(100);
      FAIL("the run succeeded");
    } catch (const SimulationError& failure) {
      CHECK(to_string(failure.error().code) == to_string(code));
      CHECK_THAT(failure.error().context, Catch::Contains(says));
      if (first.empty())
        first = failure.error().context;
      CHECK(failure.error().context == first);
    }
  }
}

} // namespace

TEST_CASE("agents in one place that react at once are a cycle without end") {
  fails_everywhere(Errc::instant_too_deep, "instant_depth_max", [] {
    auto* a = new Node({0, 1, 2, 3});
    auto* b = new Node({0, 1, 2, 3});
    a->out = ChannelWriter(*a, *b);
    b->out = ChannelWriter(*b, *a);
    a->after(5, [](Node& node) { node.echo(); });
  });
}

TEST_CASE("agents that meet head-on and react at once are a cycle without end") {
  fails_everywhere(Errc::instant_too_deep, "one place", [] {
    auto* a = new Node({0, 0, 0, 0}, {0.5, 0, 0});
    auto* b = new Node({0, 10, 0, 0}, {-0.5, 0, 0});
    a->out = ChannelWriter(*a, *b);
    b->out = ChannelWriter(*b, *a);
    a->echo();
  });
}

TEST_CASE("an exception in a lambda names the agent and its point in spacetime") {
  fails_everywhere(Errc::model_exception, "(11, 3, 0, 0): the model threw: no more tea", [] {
    auto* a = new Node({0, 0, 0, 0});
    auto* b = new Node({0, 3, 0, 0});
    a->out = ChannelWriter(*a, *b);
    a->after(8, [](Node& node) {
      node.out.send([](Node&) { throw std::runtime_error("no more tea"); });
    });
    b->after(50, [](Node&) { throw 42; });
  });
}

TEST_CASE("of several failures the earliest in simulated time counts") {
  fails_everywhere(Errc::model_exception, "first", [] {
    for (int i = 0; i < 20; ++i) {
      auto* node = new Node({0, double(i), 0, 0});
      node->after(20.0 - i * 0.5,
                  [i](Node&) { throw std::runtime_error(i == 19 ? "first" : "later"); });
    }
  });
}

TEST_CASE("a mailbox that is full stops the run") {
  RunOptions options;
  options.mailbox_lambdas_max = 100;
  for (const std::size_t domains : {0u, 1u, 2u}) {
    Simulation simulation(options, ShuffledDomains(domains, 7));
    {
      const auto scope = simulation.set_up();
      auto* a = new Node({0, 0, 0, 0});
      auto* b = new Node({0, 50, 0, 0});
      a->out = ChannelWriter(*a, *b);
      a->after(1, [](Node& node) {
        for (int i = 0; i < 200; ++i)
          node.out.send([](Node&) {});
      });
    }
    try {
      (void)simulation.run(100);
      FAIL("the run succeeded");
    } catch (const SimulationError& failure) {
      CHECK(failure.error().code == Errc::mailbox_full);
      CHECK_THAT(failure.error().context, Catch::Contains("mailbox_lambdas_max"));
    }
  }
}

TEST_CASE("a channel to a distant agent cannot be attached to its past") {
  fails_everywhere(Errc::wrong_agent, "channel attached to the past", [] {
    auto* a = new Node({0, 0, 0, 0});
    a->raw = new Node({0, 1, 0, 0});
    a->after(10, [](Node& node) { node.out = ChannelWriter(node, *node.raw); });
  });
}

TEST_CASE("a reference is good for the event that absorbs it and no longer") {
  fails_everywhere(Errc::expired_reference, "renew()", [] {
    auto* alice = new Node({0, 0, 0, 0});
    auto* bob = new Node({0, 1, 0, 0});
    auto* carol = new Node({0, 2, 0, 0});
    bob->out = ChannelWriter(*bob, *alice);
    bob->second = ChannelWriter(*bob, *carol);
    bob->after(1, [](Node& b) {
      b.second.send([alice_reference = b.out.target()](Node& c) { c.kept = alice_reference; });
    });
    carol->after(5, [](Node& c) { c.out = ChannelWriter(c, c.kept); });
  });
}

TEST_CASE("a closed channel cannot be written to") {
  fails_everywhere(Errc::closed_channel, "closed", [] {
    auto* a = new Node({0, 0, 0, 0});
    auto* b = new Node({0, 1, 0, 0});
    a->out = ChannelWriter(*a, *b);
    a->after(1, [](Node& node) { node.out.close(); });
    a->after(2, [](Node& node) { node.echo(); });
  });
  fails_everywhere(Errc::closed_channel, "never opened", [] {
    (new Node({0, 0, 0, 0}))->after(2, [](Node& node) { node.echo(); });
  });
}

TEST_CASE("a child outside the creator's future cone is an error") {
  fails_everywhere(Errc::not_in_future, "future light cone", [] {
    (new Node({0, 0, 0, 0}))->after(2, [](Node&) { new Node({3, 1.1, 0, 0}); });
  });
  fails_everywhere(Errc::not_in_future, "future light cone", [] {
    (new Node({0, 0, 0, 0}))->after(2, [](Node&) { new Node({1, 0, 0, 0}); });
  });
}

TEST_CASE("an agent cannot be moved at the speed of light, nor by another one") {
  fails_everywhere(Errc::faster_than_light, "below 1", [] {
    (new Node({0, 0, 0, 0}))->after(2, [](Node& node) { node.velocity = {0.6, 0.8, 0}; });
  });
  fails_everywhere(Errc::wrong_agent, "send it a lambda", [] {
    auto* a = new Node({0, 0, 0, 0});
    a->raw = new Node({0, 1, 0, 0});
    a->after(2, [](Node& node) { node.raw->velocity = {0.1, 0, 0}; });
  });
}

TEST_CASE("a timer cannot go off in the past") {
  fails_everywhere(Errc::bad_argument, "delay", [] {
    (new Node({0, 0, 0, 0}))->after(2, [](Node& node) { node.after(-1, [](Node&) {}); });
  });
}

TEST_CASE("a failed set-up leaves nothing behind, and the next simulation works") {
  {
    const Simulation never_run;
    auto& simulation = const_cast<Simulation&>(never_run);
    const auto scope = simulation.set_up();
    auto* a = new Node({0, 0, 0, 0});
    auto* b = new Node({0, 1, 0, 0});
    a->out = ChannelWriter(*a, *b);
    a->echo();
    b->second = ChannelWriter(*b, *a);
    a->after(1, [reference = b->second.target()](Node&) {});
    CHECK_THROWS_AS(new Node({0, std::nan(""), 0, 0}), UsageError);
  }
  Simulation simulation;
  {
    const auto scope = simulation.set_up();
    (new Node({0, 0, 0, 0}))->after(1, [](Node& node) { node.die(); });
  }
  const RunSummary summary = simulation.run(10);
  CHECK(summary.absorbed == 1);
  CHECK(summary.agents_died == 1);
  CHECK_THROWS_AS(simulation.run(10), UsageError);
}

TEST_CASE("a ChannelWriter may outlive its simulation, and an agent its creator's interest") {
  ChannelWriter<Node> survivor;
  for (const std::size_t domains : {0u, 2u}) {
    Simulation simulation({}, ShuffledDomains(domains, 1));
    {
      const auto scope = simulation.set_up();
      auto* a = new Node({0, 0, 0, 0});
      auto* b = new Node({0, 1, 0, 0});
      survivor = ChannelWriter(*a, *b);
      delete new Node({0, 5, 0, 0});
    }
    const RunSummary summary = simulation.run(10);
    CHECK(summary.agents_born == 3);
    CHECK(summary.agents_died == 1);
    CHECK_FALSE(survivor);
    survivor = ChannelWriter<Node>();
  }
}

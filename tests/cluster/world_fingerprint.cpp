#include "libstos/cluster/membership/world_fingerprint.hpp"

#include "libstos/agent/simulation.hpp"
#include "support/numbers.hpp"
#include "support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using stos::detail::WorldComparison;
using stos::detail::WorldFingerprint;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

class Ping;

class Pong : public Agent<Pong, Simulation> {
public:
  explicit Pong(const Minkowski<4>& position) : Agent(position) {}
};

class Ping : public Agent<Ping, Simulation> {
public:
  explicit Ping(const Minkowski<4>& position) : Agent(position) {}
  std::vector<ChannelWriter<Ping>> channels;
};

/// What differs between the two worlds of a test, beside the number of agents.
struct Choice {
  std::uint64_t seed = 1;
  double end_time = 10;
  std::uint64_t mailbox_lambdas_max = 1'000'000;
  std::uint32_t instant_depth_max = 10'000;
  std::uint64_t trace_events_max = 10'000'000;
  std::uint64_t reports_max = 10'000'000;
  std::string trace_path;
  bool values = false;
  double period = 0;
  std::size_t agents = 3000;
  std::function<void(std::vector<Ping*>&)> change;
};

/// A ring of agents, of which every third one sends, and every fourth one has a timer.
std::unique_ptr<Simulation> make(const Choice& choice) {
  RunOptions options;
  options.seed = choice.seed;
  options.mailbox_lambdas_max = choice.mailbox_lambdas_max;
  options.instant_depth_max = choice.instant_depth_max;
  options.trace_events_max = choice.trace_events_max;
  options.reports_max = choice.reports_max;
  options.trace_path = choice.trace_path;
  options.values = choice.values;
  auto simulation = std::make_unique<Simulation>(options);
  const auto scope = simulation->set_up();
  if (choice.period > 0)
    simulation->set_space(Space::torus(choice.period));
  std::vector<Ping*> pings;
  for (std::size_t i = 0; i < choice.agents; ++i)
    pings.push_back(new Ping({0, static_cast<double>(i), 0, 0}));
  for (std::size_t i = 0; i < choice.agents; ++i) {
    Ping& ping = *pings[i];
    ping.channels.emplace_back(ping, *pings[(i + 1) % choice.agents]);
    ping.channels.emplace_back(ping, *pings[(i + 2) % choice.agents]);
    if (i % 3 == 0)
      ping.channels[0].send([i](Ping&) { static_cast<void>(i); });
    if (i % 4 == 0)
      ping.after(
          1, [](Ping&, const std::string&) {}, std::string("a text"));
  }
  if (choice.change)
    choice.change(pings);
  detail::set_boundary(simulation->world(), LabTimeBoundary(choice.end_time));
  return simulation;
}

WorldFingerprint fingerprint_of(const Choice& choice) {
  return WorldFingerprint(make(choice)->world());
}

struct Verdict {
  std::size_t messages = 0; ///< of each node
  std::optional<Error> error;
};

/// Nodes "1", "2", ... compare their worlds, each on its own, and come to the same verdict.
Verdict compare(const std::vector<const WorldFingerprint*>& worlds) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= worlds.size(); ++i)
    names.push_back(std::to_string(i));
  std::vector<std::unique_ptr<WorldComparison>> nodes;
  for (const WorldFingerprint* world : worlds)
    nodes.push_back(std::make_unique<WorldComparison>(*world, names));
  for (std::size_t messages = 1;; ++messages) {
    REQUIRE(messages < 4);
    std::vector<std::vector<std::byte>> said;
    for (const auto& node : nodes)
      said.push_back(node->message());
    const std::vector<WorldComparison::Message> heard(said.begin(), said.end());
    const auto first = nodes[0]->take(heard);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const auto other = nodes[i]->take(heard);
      REQUIRE(static_cast<bool>(other) == static_cast<bool>(first));
      if (first)
        REQUIRE(*other == *first);
      else
        REQUIRE(other.error().context == first.error().context);
    }
    if (!first)
      return {messages, first.error()};
    if (*first == WorldComparison::Outcome::equal)
      return {messages, std::nullopt};
  }
}

Verdict compare(const WorldFingerprint& a, const WorldFingerprint& b) { return compare({&a, &b}); }

/// What all nodes say of which one has another world than the rest.
std::string text_of(const Verdict& verdict) {
  REQUIRE(verdict.error);
  CHECK(verdict.error->code == Errc::bad_config);
  const std::string begin = "the nodes do not agree: ";
  REQUIRE(verdict.error->context.substr(0, begin.size()) == begin);
  return verdict.error->context.substr(begin.size());
}

/// What two nodes say, of which the second one has the world that is changed.
std::string difference(const Choice& changed, const Choice& original = {}) {
  return text_of(compare(fingerprint_of(original), fingerprint_of(changed)));
}

Choice with(std::function<void(std::vector<Ping*>&)> change) {
  Choice choice;
  choice.change = std::move(change);
  return choice;
}

} // namespace

TEST_CASE("nodes that have made the same set-up need one message to find that out") {
  const Verdict verdict = compare(fingerprint_of({}), fingerprint_of({}));
  CHECK(verdict.messages == 1);
  CHECK_FALSE(verdict.error);
}

TEST_CASE("a world without any agent has a fingerprint, too") {
  Choice empty;
  empty.agents = 0;
  CHECK_FALSE(compare(fingerprint_of(empty), fingerprint_of(empty)).error);
  CHECK(difference(empty) == "agent 1 (" + std::string("(anonymous namespace)::Ping") +
                                 ") is not on node 2: 3000 initial agents on node 1, 0 on node 2");
}

TEST_CASE("an option that decides about the outcome is named with both values") {
  const auto differs = [](const std::string& name, const std::string& here,
                          const std::string& there, void (*change)(Choice&)) {
    Choice choice;
    change(choice);
    CHECK(difference(choice) == name + " is " + here + " on node 1 and " + there + " on node 2");
  };
  differs("simulation.seed", "1", "7", [](Choice& x) { x.seed = 7; });
  differs("simulation.end_time", "10", "10.5", [](Choice& x) { x.end_time = 10.5; });
  differs("simulation.end_time", "10", "none",
          [](Choice& x) { x.end_time = Instant::never().absorption; });
  differs("limits.mailbox_lambdas_max", "1000000", "5",
          [](Choice& x) { x.mailbox_lambdas_max = 5; });
  differs("limits.instant_depth_max", "10000", "8", [](Choice& x) { x.instant_depth_max = 8; });
  differs("limits.trace_events_max", "10000000", "9", [](Choice& x) { x.trace_events_max = 9; });
  differs("limits.reports_max", "10000000", "3", [](Choice& x) { x.reports_max = 3; });
  differs("output.trace_path", "none", "given", [](Choice& x) { x.trace_path = "a"; });
  differs("output.values", "false", "true", [](Choice& x) { x.values = true; });
  differs("space", "endless", "with periods 4000, 0, 0", [](Choice& x) { x.period = 4000; });
}

TEST_CASE("nodes that write their traces to different files can run together") {
  Choice a;
  a.trace_path = "a";
  Choice b;
  b.trace_path = "b";
  CHECK_FALSE(compare(fingerprint_of(a), fingerprint_of(b)).error);
}

TEST_CASE("a run that a signal ends before the nodes have met is compared as it was to be") {
  const auto interrupted = make({});
  interrupted->world().begin_run();
  interrupted->world().end_time = Instant::beginning().absorption;
  CHECK_FALSE(compare(WorldFingerprint(interrupted->world()), fingerprint_of({})).error);
}

TEST_CASE("where agents go is compared once their worlds are the same") {
  const auto placed = [](const Choice& choice, const Placement& placement) {
    return WorldFingerprint(make(choice)->world(), placement);
  };
  Choice few;
  few.agents = 3;
  CHECK_FALSE(compare(placed(few, on_nodes({0, 1, 0})), placed(few, on_nodes({0, 1, 0}))).error);
  CHECK(text_of(compare(placed(few, on_nodes({0, 1, 0})), placed(few, on_nodes({0, 1, 1})))) ==
        "node 1 and node 2 place agents of the same world in different ways (cluster.placement, or "
        "the program's own function)");
  Choice changed = few;
  changed.change = [](auto& pings) { pings[1]->velocity = Velocity<4>(0, 0.5, 0); };
  CHECK(text_of(compare(placed(few, on_nodes({0, 1, 0})), placed(changed, on_nodes({0, 1, 1}))))
            .find("agent 2 ") == 0);
}

TEST_CASE("of many nodes, the first one and the next that differs from it are named by all") {
  const auto moving = [](std::size_t i) {
    return with([i](auto& pings) { pings[i]->velocity = Velocity<4>(0, 0.5, 0); });
  };
  const WorldFingerprint original = fingerprint_of({});
  const WorldFingerprint at_7 = fingerprint_of(moving(7));
  const WorldFingerprint at_2000 = fingerprint_of(moving(2000));
  Choice with_seed;
  with_seed.seed = 7;
  const WorldFingerprint seed_7 = fingerprint_of(with_seed);
  const std::string ping = " ((anonymous namespace)::Ping) has another state on node 1 than on ";

  CHECK_FALSE(compare({&original, &original, &original}).error);
  CHECK(text_of(compare({&original, &original, &at_7})) ==
        "agent 8" + ping + "node 3: its velocity");
  CHECK(text_of(compare({&at_7, &original, &original})) ==
        "agent 8" + ping + "node 2: its velocity");
  CHECK(text_of(compare({&original, &at_2000, &at_7, &original})) ==
        "agent 8" + ping + "node 3: its velocity");
  CHECK(text_of(compare({&original, &at_2000, &at_2000})) ==
        "agent 2001" + ping + "node 2: its velocity");
  CHECK(text_of(compare({&original, &at_7, &seed_7})) ==
        "simulation.seed is 1 on node 1 and 7 on node 3");
}

TEST_CASE("the kind of boundary is compared") {
  const auto at_rim = [](double) {
    auto simulation = make({});
    simulation->world().own_boundary = [](const Trajectory&) { return 5.0; };
    return simulation;
  };
  const auto changed = at_rim(0);
  const Verdict verdict = compare(fingerprint_of({}), WorldFingerprint(changed->world()));
  CHECK(text_of(verdict).find("boundary is at one laboratory time on node 1 and ") == 0);
}

TEST_CASE("the first agent that differs is named, and in what") {
  const std::string ping = "((anonymous namespace)::Ping)";
  const std::string other = " has another state on node 1 than on node 2: its ";
  for (const std::size_t i : {0UL, 1022UL, 1023UL, 1024UL, 2999UL}) {
    INFO("agent number " << i);
    const std::string agent = "agent " + std::to_string(i + 1) + " " + ping + other;
    CHECK(difference(with([i](auto& pings) { pings[i]->velocity = Velocity<4>(0, 0.5, 0); })) ==
          agent + "velocity");
    CHECK(difference(with([i](auto& pings) { (void)pings[i]->random()(); })) ==
          agent + "random stream");
    CHECK(difference(with([i](auto& pings) {
            pings[i]->channels.emplace_back(*pings[i], *pings[5]);
          })) == agent + "channels");
    CHECK(difference(with([i](auto& pings) { pings[i]->channels.pop_back(); })) ==
          agent + "channels");
    CHECK(difference(with([i](auto& pings) { pings[i]->channels[1].send([](Ping&) {}); })) ==
          agent + "lambdas");
    CHECK(difference(with([i](auto& pings) { pings[i]->after(2, [](Ping&) {}); })) ==
          agent + "lambdas");
  }
  CHECK(difference(with([](auto& pings) {
          pings[7]->velocity = Velocity<4>(0, 0.5, 0);
          pings[7]->after(2, [](Ping&) {});
          pings[6]->after(2, [](Ping&) {});
          pings[2000]->after(2, [](Ping&) {});
        })) == "agent 7 " + ping + other + "lambdas");
}

TEST_CASE("an agent in another place is named") {
  const auto world_with = [](double x) {
    auto simulation = std::make_unique<Simulation>();
    const auto scope = simulation->set_up();
    new Ping({0, 0, 0, 0});
    new Ping({0, x, 0, 0});
    return simulation;
  };
  const auto a = world_with(1);
  const auto b = world_with(std::nextafter(1, 2));
  const Verdict verdict = compare(WorldFingerprint(a->world()), WorldFingerprint(b->world()));
  CHECK(text_of(verdict).find("agent 2 ") == 0);
  CHECK(text_of(verdict).find("its position") != std::string::npos);
}

TEST_CASE("what a lambda captures, its arguments, its delay and its receiver count") {
  const auto same = with([](auto& pings) {
    pings[9]->after(2, [n = 1](Ping&) { static_cast<void>(n); });
    pings[9]->channels[0].send([](Ping&, const std::string&) {}, std::string("b"));
  });
  CHECK_FALSE(compare(fingerprint_of(same), fingerprint_of(same)).error);

  const auto world = [](int captured, const char* argument, double delay, std::size_t channel) {
    return with([=](auto& pings) {
      pings[9]->after(delay, [captured](Ping&) { static_cast<void>(captured); });
      pings[9]->channels[channel].send([](Ping&, const std::string&) {}, std::string(argument));
    });
  };
  const std::string expected = "agent 10 ((anonymous namespace)::Ping) has another state on node 1 "
                               "than on node 2: its lambdas";
  const Choice original = world(1, "b", 2, 0);
  CHECK_FALSE(compare(fingerprint_of(original), fingerprint_of(world(1, "b", 2, 0))).error);
  CHECK(difference(world(2, "b", 2, 0), original) == expected);
  CHECK(difference(world(1, "c", 2, 0), original) == expected);
  CHECK(difference(world(1, "b", 3, 0), original) == expected);
  CHECK(difference(world(1, "b", 2, 1), original) == expected);
}

TEST_CASE("a reference that a lambda brings counts, and so does whom it leads to") {
  const auto world = [](bool brings, std::size_t about) {
    return with([=](auto& pings) {
      if (brings)
        pings[3]->channels[0].send([reference = pings[3]->channels[about].target()](Ping&) {
          static_cast<void>(reference);
        });
      else
        pings[3]->channels[0].send([](Ping&) {});
    });
  };
  const std::string lambdas = "agent 4 ((anonymous namespace)::Ping) has another state on node 1 "
                              "than on node 2: its lambdas";
  CHECK(difference(world(true, 0), world(false, 0)) == lambdas);
  CHECK(difference(world(true, 1), world(true, 0)) == lambdas);
}

TEST_CASE("a lambda that cannot travel is compared without its data") {
  const auto world = [](int captured) {
    return with([captured](auto& pings) {
      pings[0]->after_local(1, [captured](Ping&) { static_cast<void>(captured); });
    });
  };
  CHECK_FALSE(compare(fingerprint_of(world(1)), fingerprint_of(world(2))).error);
  CHECK(difference(world(1)) == "agent 1 ((anonymous namespace)::Ping) has another state on node 1 "
                                "than on node 2: its lambdas");
}

TEST_CASE("an agent of another class is named with both classes") {
  const auto world = [](bool pong) {
    auto simulation = std::make_unique<Simulation>();
    const auto scope = simulation->set_up();
    new Ping({0, 0, 0, 0});
    if (pong)
      new Pong({0, 0, 0, 0});
    else
      new Ping({0, 0, 0, 0});
    return simulation;
  };
  const auto a = world(false);
  const auto b = world(true);
  const Verdict verdict = compare(WorldFingerprint(a->world()), WorldFingerprint(b->world()));
  CHECK(text_of(verdict) == "agent 2 ((anonymous namespace)::Ping) of node 1 is a (anonymous "
                            "namespace)::Pong on node 2");
}

TEST_CASE("an agent that was deleted in the set-up is there in another way") {
  Choice choice = with([](auto& pings) { delete pings[11]; });
  choice.agents = 12;
  Choice original;
  original.agents = 12;
  CHECK(difference(choice, original)
            .find("agent 12 ((anonymous namespace)::Ping) has another "
                  "state on node 1 than on node 2: its presence") == 0);
}

TEST_CASE("agents that only one node has are counted, and the first one is named") {
  for (const auto& [here, there] :
       {std::pair(2048UL, 2050UL), std::pair(2048UL, 2047UL), std::pair(1024UL, 4000UL)}) {
    const auto world = [](std::size_t agents) {
      auto simulation = std::make_unique<Simulation>();
      const auto scope = simulation->set_up();
      for (std::size_t i = 0; i < agents; ++i)
        new Pong({0, static_cast<double>(i), 0, 0});
      return simulation;
    };
    const auto a = world(here);
    const auto b = world(there);
    const Verdict verdict = compare(WorldFingerprint(a->world()), WorldFingerprint(b->world()));
    CHECK(text_of(verdict) == "agent " + std::to_string(std::min(here, there) + 1) +
                                  " ((anonymous namespace)::Pong) is not on node " +
                                  (here > there ? "2: " : "1: ") + std::to_string(here) +
                                  " initial agents on node 1, " + std::to_string(there) +
                                  " on node 2");
  }
}

TEST_CASE("any bytes instead of another node's fingerprint are refused, or name a difference") {
  const WorldFingerprint own = fingerprint_of({});
  const WorldFingerprint other =
      fingerprint_of(with([](auto& pings) { pings[1500]->velocity = Velocity<4>(0, 0.5, 0); }));
  const std::uint64_t seed = 20'25;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int round = 0; round < 3'000; ++round) {
    WorldComparison here(own, {"1", "2"});
    WorldComparison there(other, {"1", "2"});
    const std::uint32_t stage = random.below(3);
    for (std::uint32_t i = 0; i < stage; ++i) {
      const auto from_here = here.message();
      const auto from_there = there.message();
      const std::vector<WorldComparison::Message> heard{from_here, from_there};
      REQUIRE(here.take(heard));
      REQUIRE(there.take(heard));
    }
    const std::vector<std::byte> from_here = here.message();
    std::vector<std::byte> bytes = there.message();
    if (random.bernoulli(0.3)) {
      bytes.resize(random.below(static_cast<std::uint32_t>(bytes.size())));
    } else if (random.bernoulli(0.2)) {
      bytes.push_back(std::byte{0});
    } else {
      for (std::uint32_t i = 1 + random.below(3); i > 0; --i)
        bytes[random.below(static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 200)))] =
            static_cast<std::byte>(random.below(256));
    }
    const auto outcome = here.take(std::vector<WorldComparison::Message>{from_here, bytes});
    if (!outcome)
      CHECK(
          (outcome.error().code == Errc::bad_message || outcome.error().code == Errc::bad_config));
    else
      CHECK((stage < 2 && *outcome == WorldComparison::Outcome::more));
  }
}

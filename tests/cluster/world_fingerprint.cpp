#include "libstos/cluster/world_fingerprint.hpp"

#include "libstos/agent/simulation.hpp"
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
  std::size_t messages = 0; ///< of each side
  std::optional<Error> here;
  std::optional<Error> there;
};

/// Two nodes compare their worlds, each on its own.
Verdict compare(const WorldFingerprint& a, const WorldFingerprint& b) {
  WorldComparison here(a, "node 2");
  WorldComparison there(b, "node 1");
  Verdict verdict;
  for (;;) {
    ++verdict.messages;
    const auto from_here = here.message();
    const auto from_there = there.message();
    const auto at_here = here.take(from_there);
    const auto at_there = there.take(from_here);
    REQUIRE(static_cast<bool>(at_here) == static_cast<bool>(at_there));
    if (!at_here) {
      verdict.here = at_here.error();
      verdict.there = at_there.error();
      return verdict;
    }
    REQUIRE(*at_here == *at_there);
    if (*at_here == WorldComparison::Outcome::equal)
      return verdict;
    REQUIRE(verdict.messages < 4);
  }
}

/// What a node says whose neighbour's world has been changed.
std::string difference(const Choice& changed, const Choice& original = {}) {
  const Verdict verdict = compare(fingerprint_of(original), fingerprint_of(changed));
  REQUIRE(verdict.here);
  CHECK(verdict.here->code == Errc::bad_config);
  CHECK(verdict.there->code == Errc::bad_config);
  const std::string begin = "this node and node 2 have not made the same set-up: ";
  REQUIRE(verdict.here->context.substr(0, begin.size()) == begin);
  return verdict.here->context.substr(begin.size());
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
  CHECK_FALSE(verdict.here);
  CHECK_FALSE(verdict.there);
}

TEST_CASE("a world without any agent has a fingerprint, too") {
  Choice empty;
  empty.agents = 0;
  CHECK_FALSE(compare(fingerprint_of(empty), fingerprint_of(empty)).here);
  CHECK(difference(empty) == "agent 1 (" + std::string("(anonymous namespace)::Ping") +
                                 ") is only on this node: 3000 agents here, 0 there");
}

TEST_CASE("an option that decides about the model is named with both values") {
  Choice choice;
  choice.seed = 7;
  CHECK(difference(choice) == "seed is 1 here, 7 on node 2");
  choice = {};
  choice.end_time = 10.5;
  CHECK(difference(choice) == "end_time is 10 here, 10.5 on node 2");
  choice = {};
  choice.end_time = Instant::never().absorption;
  CHECK(difference(choice) == "end_time is 10 here, none on node 2");
  choice = {};
  choice.mailbox_lambdas_max = 5;
  CHECK(difference(choice) == "limits.mailbox_lambdas_max is 1000000 here, 5 on node 2");
  choice = {};
  choice.instant_depth_max = 8;
  CHECK(difference(choice) == "limits.instant_depth_max is 10000 here, 8 on node 2");
  choice = {};
  choice.period = 4000;
  CHECK(difference(choice) == "space is endless here, with periods 4000, 0, 0 on node 2");
}

TEST_CASE("the kind of boundary is compared") {
  const auto at_rim = [](double) {
    auto simulation = make({});
    simulation->world().own_boundary = [](const Trajectory&) { return 5.0; };
    return simulation;
  };
  const auto changed = at_rim(0);
  const Verdict verdict = compare(fingerprint_of({}), WorldFingerprint(changed->world()));
  REQUIRE(verdict.here);
  CHECK(verdict.here->context.find("boundary is at one laboratory time here") != std::string::npos);
}

TEST_CASE("the first agent that differs is named, and in what") {
  const std::string ping = "((anonymous namespace)::Ping)";
  const std::string other = " has another state on node 2: its ";
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
  REQUIRE(verdict.here);
  CHECK(verdict.here->context.find("agent 2 ") != std::string::npos);
  CHECK(verdict.here->context.find("its position") != std::string::npos);
}

TEST_CASE("what a lambda captures, its arguments, its delay and its receiver count") {
  const auto same = with([](auto& pings) {
    pings[9]->after(2, [n = 1](Ping&) { static_cast<void>(n); });
    pings[9]->channels[0].send([](Ping&, const std::string&) {}, std::string("b"));
  });
  CHECK_FALSE(compare(fingerprint_of(same), fingerprint_of(same)).here);

  const auto world = [](int captured, const char* argument, double delay, std::size_t channel) {
    return with([=](auto& pings) {
      pings[9]->after(delay, [captured](Ping&) { static_cast<void>(captured); });
      pings[9]->channels[channel].send([](Ping&, const std::string&) {}, std::string(argument));
    });
  };
  const std::string expected =
      "agent 10 ((anonymous namespace)::Ping) has another state on node 2: its lambdas";
  const Choice original = world(1, "b", 2, 0);
  CHECK_FALSE(compare(fingerprint_of(original), fingerprint_of(world(1, "b", 2, 0))).here);
  CHECK(difference(world(2, "b", 2, 0), original) == expected);
  CHECK(difference(world(1, "c", 2, 0), original) == expected);
  CHECK(difference(world(1, "b", 3, 0), original) == expected);
  CHECK(difference(world(1, "b", 2, 1), original) == expected);
}

TEST_CASE("a reference that a lambda brings counts, and so does whom it leads to") {
  const auto world = [](bool brings, std::size_t about) {
    return with([=](auto& pings) {
      if (brings)
        static_cast<void>(pings[3]->channels[about].target());
      pings[3]->channels[0].send([](Ping&) {});
    });
  };
  const std::string lambdas =
      "agent 4 ((anonymous namespace)::Ping) has another state on node 2: its lambdas";
  CHECK(difference(world(true, 0), world(false, 0)) == lambdas);
  CHECK(difference(world(true, 1), world(true, 0)) == lambdas);
}

TEST_CASE("a lambda that cannot travel is compared without its data") {
  const auto world = [](int captured) {
    return with([captured](auto& pings) {
      pings[0]->after_local(1, [captured](Ping&) { static_cast<void>(captured); });
    });
  };
  CHECK_FALSE(compare(fingerprint_of(world(1)), fingerprint_of(world(2))).here);
  CHECK(difference(world(1)) ==
        "agent 1 ((anonymous namespace)::Ping) has another state on node 2: its lambdas");
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
  REQUIRE(verdict.here);
  CHECK(verdict.here->context.find("agent 2 ((anonymous namespace)::Ping) is a (anonymous "
                                   "namespace)::Pong on node 2") != std::string::npos);
}

TEST_CASE("an agent that was deleted in the set-up is there in another way") {
  Choice choice = with([](auto& pings) { delete pings[11]; });
  choice.agents = 12;
  Choice original;
  original.agents = 12;
  CHECK(difference(choice, original)
            .find("agent 12 ((anonymous namespace)::Ping) has another "
                  "state on node 2: its presence") == 0);
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
    REQUIRE(verdict.here);
    const auto counts = [](std::size_t first, std::size_t second) {
      return std::to_string(first) + " agents here, " + std::to_string(second) + " there";
    };
    const std::string first = "agent " + std::to_string(std::min(here, there) + 1) +
                              " ((anonymous namespace)::Pong) is only on ";
    CHECK(verdict.here->context.find(first + (here > there ? "this node: " : "node 2: ") +
                                     counts(here, there)) != std::string::npos);
    CHECK(verdict.there->context.find(first + (here > there ? "node 1: " : "this node: ") +
                                      counts(there, here)) != std::string::npos);
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
    WorldComparison here(own, "node 2");
    WorldComparison there(other, "node 1");
    const std::uint32_t stage = random.below(3);
    for (std::uint32_t i = 0; i < stage; ++i) {
      const auto from_here = here.message();
      REQUIRE(here.take(there.message()));
      REQUIRE(there.take(from_here));
    }
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
    const auto outcome = here.take(bytes);
    if (!outcome)
      CHECK(
          (outcome.error().code == Errc::bad_message || outcome.error().code == Errc::bad_config));
    else
      CHECK((stage < 2 && *outcome == WorldComparison::Outcome::more));
  }
}

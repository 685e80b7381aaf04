// Stories of what goes over the links between nodes, each with its own small agents.

#include "libstos/agent/simulation.hpp"
#include "support/shuffled_domains.hpp"
#include "support/virtual_cluster.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;
using SetUp = std::function<void()>;
using Place = std::function<std::size_t(std::size_t)>; ///< the node of an agent

std::unique_ptr<Simulation> make(const SetUp& set_up) {
  auto simulation = std::make_unique<Simulation>();
  const auto scope = simulation->set_up();
  set_up();
  return simulation;
}

struct Traffic {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lambdas = 0;
  std::uint64_t most_under_way = 0;
  std::uint64_t credit_waits = 0;
};

/// How a run went, also if it failed.
struct Outcome {
  RunSummary summary;
  std::string error;
  Traffic traffic;
};

template <class Run>
void record(Outcome& outcome, Run&& run) {
  try {
    outcome.summary = run();
  } catch (const SimulationError& error) {
    outcome.summary = error.summary();
    outcome.error = error.what();
  }
}

Outcome run_serially(const SetUp& set_up, double end_time) {
  Outcome outcome;
  record(outcome, [&] { return make(set_up)->run(end_time); });
  return outcome;
}

Outcome run_on_nodes(const SetUp& set_up, double end_time, const VirtualCluster::Shape& shape,
                     const Place& place, std::uint64_t seed) {
  std::vector<std::unique_ptr<Simulation>> simulations;
  std::vector<World*> worlds;
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    simulations.push_back(make(set_up));
    worlds.push_back(&simulations.back()->world());
    worlds.back()->end_time = end_time;
    worlds.back()->begin_run();
  }
  VirtualCluster cluster(shape, seed);
  Outcome outcome;
  record(outcome, [&] { return cluster.run(worlds, place); });
  outcome.traffic = {cluster.frames(), cluster.bytes(), cluster.lambdas(), cluster.most_under_way(),
                     cluster.credit_waits()};
  return outcome;
}

void check_same(const Outcome& run, const Outcome& oracle) {
  CHECK(run.error == oracle.error);
  CHECK(run.summary.digest.to_string() == oracle.summary.digest.to_string());
  CHECK(run.summary.agents_born == oracle.summary.agents_born);
  CHECK(run.summary.agents_died == oracle.summary.agents_died);
  CHECK(run.summary.sent == oracle.summary.sent);
  CHECK(run.summary.absorbed == oracle.summary.absorbed);
  CHECK(run.summary.in_flight == oracle.summary.in_flight);
  CHECK(run.summary.dropped == oracle.summary.dropped);
  CHECK(run.summary.last_event_time == oracle.summary.last_event_time);
}

// ---- references
// ----------------------------------------------------------------------------------

class Target : public Agent<Target, Simulation> {
public:
  explicit Target(const Minkowski<4>& position) : Agent(position) {}
  void tick() {
    after(0.25, [](Target& self) { self.tick(); });
  }
};

class Holder : public Agent<Holder, Simulation> {
public:
  explicit Holder(const Minkowski<4>& position) : Agent(position) {}
  void meet(const RemoteReference<Target>& target) {
    target_ = ChannelWriter<Target>(*this, target);
    target_.send([](Target&) {});
  }

private:
  ChannelWriter<Target> target_;
};

class Issuer : public Agent<Issuer, Simulation> {
public:
  Issuer(const Minkowski<4>& position, Holder& holder, Target& target)
      : Agent(position), holder_(*this, holder), target_(*this, target) {}

  void introduce(bool is_used) {
    holder_.send([target = target_.target(), is_used](Holder& holder) {
      if (is_used)
        holder.meet(target);
    });
    target_.close(); // nothing but the hold keeps the target from going on
  }

private:
  ChannelWriter<Holder> holder_;
  ChannelWriter<Target> target_;
};

} // namespace

TEST_CASE("a reference goes from node to node while the agent that it names lives on a third one") {
  constexpr std::size_t issuer = 0, holder = 1, target = 2;
  for (const bool is_used : {true, false}) {
    const SetUp world = [is_used] {
      auto* at = new Target({0, 10, 0, 0});
      auto* by = new Holder({0, 1, 0, 0});
      auto* from = new Issuer({0, 0, 0, 0}, *by, *at);
      at->tick();
      from->after(1, [is_used](Issuer& self) { self.introduce(is_used); });
    };
    const Place place = [](std::size_t agent) { return std::array{target, holder, issuer}[agent]; };
    const Outcome oracle = run_serially(world, 30);
    // Where the issuer's frames to the target are late, the holder closes the hold, or opens its
    // channel, before the target's node has heard of the hold.
    const std::array<std::optional<std::pair<std::size_t, std::size_t>>, 4> slow_wires = {
        std::nullopt, std::pair(issuer, target), std::pair(holder, target),
        std::pair(issuer, holder)};
    for (const auto& slow_wire : slow_wires)
      for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("used: " << is_used << ", slow wire from node "
                      << (slow_wire ? std::to_string(slow_wire->first) : "none") << ", seed "
                      << seed);
        check_same(run_on_nodes(world, 30, {3, 1, {}, slow_wire}, place, seed), oracle);
      }
  }
}

// ---- credit
// --------------------------------------------------------------------------------------

namespace {

class Sink : public Agent<Sink, Simulation> {
public:
  explicit Sink(const Minkowski<4>& position) : Agent(position) {}
};

class Spring : public Agent<Spring, Simulation> {
public:
  Spring(const Minkowski<4>& position, Sink& sink) : Agent(position), sink_(*this, sink) {}

  void flow() {
    sink_.send([](Sink&, const std::string&) {}, std::string(1000, 'x'));
    after(0.01, [](Spring& self) { self.flow(); });
  }

private:
  ChannelWriter<Sink> sink_;
};

} // namespace

TEST_CASE("what is under way to a slow receiver stays within the credit") {
  constexpr std::size_t frame_bytes = 2'000;
  constexpr std::size_t credit_bytes = 10'000;
  const SetUp world = [] {
    auto* sink = new Sink({0, 5, 0, 0});
    (new Spring({0, 0, 0, 0}, *sink))->flow();
  };
  const Place place = [](std::size_t agent) { return agent; };
  const Outcome oracle = run_serially(world, 20);
  CHECK(oracle.summary.sent > 3'900);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    const Outcome run = run_on_nodes(
        world, 20, {2, 1, {frame_bytes, credit_bytes}, std::pair<std::size_t, std::size_t>(1, 0)},
        place, seed);
    check_same(run, oracle);
    CHECK(run.traffic.bytes > 1'900'000);
    CHECK(run.traffic.credit_waits > 0);
    constexpr std::size_t headers = 1'000; // of frames without parcels, too, which need no credit
    CHECK(run.traffic.most_under_way < credit_bytes + headers);
  }
}

// ---- horizons
// ------------------------------------------------------------------------------------

namespace {

/// One of a crowd: speaks with its neighbour every second; some speak with the other crowd.
class Villager : public Agent<Villager, Simulation> {
public:
  explicit Villager(const Minkowski<4>& position) : Agent(position) {}

  void live() {
    neighbour.send([](Villager&) {});
    after(1, [](Villager& self) { self.live(); });
  }
  void write_letters() {
    far.send([](Villager&) {});
    after(1, [](Villager& self) { self.write_letters(); });
  }

  ChannelWriter<Villager> neighbour;
  ChannelWriter<Villager> far;
};

/// Two villages 5 light-seconds apart; one villager of each writes a letter every second.
SetUp two_villages(std::size_t villagers) {
  return [villagers] {
    std::vector<Villager*> all;
    for (std::size_t i = 0; i < 2 * villagers; ++i)
      all.push_back(new Villager(
          {0, i < villagers ? 0.0 : 5.0, 0.001 * static_cast<double>(i % villagers), 0}));
    for (std::size_t i = 0; i < 2 * villagers; ++i) {
      const std::size_t village = i / villagers * villagers;
      all[i]->neighbour = ChannelWriter(*all[i], *all[village + (i + 1) % villagers]);
      all[i]->live();
    }
    for (const std::size_t i : {std::size_t{0}, villagers}) {
      all[i]->far = ChannelWriter(*all[i], *all[villagers - i]);
      all[i]->write_letters();
    }
  };
}

double frames_per_letter(std::size_t villagers, std::uint64_t seed) {
  const Outcome oracle = run_serially(two_villages(villagers), 60);
  const Outcome run = run_on_nodes(
      two_villages(villagers), 60, {}, [&](std::size_t i) { return i / villagers; }, seed);
  check_same(run, oracle);
  return static_cast<double>(run.traffic.frames) / static_cast<double>(run.traffic.lambdas);
}

} // namespace

TEST_CASE("horizons go over a link when somebody needs them, not for each of many agents") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    const double few = frames_per_letter(10, seed);
    const double many = frames_per_letter(1000, seed);
    CAPTURE(few, many);
    CHECK(few < 3);
    CHECK(many < 3);
  }
}

// ---- failures
// ------------------------------------------------------------------------------------

namespace {

class Worker : public Agent<Worker, Simulation> {
public:
  explicit Worker(const Minkowski<4>& position) : Agent(position) {}

  void work(int left) {
    for (auto& other : others)
      other.send([](Worker& worker) { ++worker.heard_; });
    if (left == 0)
      throw std::runtime_error("the work is too much");
    after(1, [left](Worker& self) { self.work(left - 1); });
  }

  std::vector<ChannelWriter<Worker>> others;

private:
  int heard_ = 0;
};

SetUp ring_of_workers(std::size_t workers, std::optional<std::size_t> failing) {
  return [=] {
    std::vector<Worker*> all;
    for (std::size_t i = 0; i < workers; ++i)
      all.push_back(new Worker({0, 1.5 * static_cast<double>(i), 0, 0}));
    for (std::size_t i = 0; i < workers; ++i) {
      all[i]->others.emplace_back(*all[i], *all[(i + 1) % workers]);
      all[i]->after(0.5, [left = failing == i ? 4 : 1000](Worker& self) { self.work(left); });
    }
  };
}

} // namespace

// Who is far enough away may have gone on beyond the failure before it happened, on several nodes
// as on several workers; so more may have been executed, but nothing less.
TEST_CASE("an agent that fails on one of several nodes fails the run as on the serial engine") {
  for (std::size_t failing = 0; failing < 6; ++failing) {
    const SetUp world = ring_of_workers(6, failing);
    const Outcome oracle = run_serially(world, 20);
    CHECK(oracle.error.find("the work is too much") != std::string::npos);
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      INFO("agent number " << failing << ", seed " << seed);
      const Outcome run = run_on_nodes(
          world, 20, {3, 1, {}, {}}, [](std::size_t i) { return i % 3; }, seed);
      CHECK(run.error == oracle.error);
      CHECK(run.summary.end_time == oracle.summary.end_time);
      CHECK(run.summary.agents_born == oracle.summary.agents_born);
      CHECK(run.summary.agents_died == oracle.summary.agents_died);
      CHECK(run.summary.absorbed >= oracle.summary.absorbed);
      CHECK(run.summary.sent == run.summary.absorbed + run.summary.in_flight);
    }
  }
}

TEST_CASE("a node without any agent takes part, and so do more nodes than there are agents") {
  const SetUp world = ring_of_workers(3, std::nullopt);
  const Outcome oracle = run_serially(world, 20);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    const auto on = [&](std::size_t nodes, const Place& place) {
      check_same(run_on_nodes(world, 20, {nodes, 1, {}, {}}, place, seed), oracle);
    };
    on(2, [](std::size_t) { return std::size_t{1}; });
    on(3, [](std::size_t i) { return i % 2 * 2; });
    on(5, [](std::size_t i) { return i; });
    on(7, [](std::size_t i) { return 2 * i + 1; });
  }
}

// ---- bytes
// ---------------------------------------------------------------------------------------

namespace {

/// A site of a lattice, from which tokens go on after a while, with `Bytes` bytes of luggage.
template <std::size_t Bytes>
class Site : public Agent<Site<Bytes>, Simulation> {
public:
  using Luggage = std::array<std::byte, Bytes>;

  explicit Site(const Minkowski<4>& position) : Agent<Site<Bytes>, Simulation>(position) {}

  void serve() {
    this->after(this->random().exponential(1), [](Site& self) { self.pass_on(); });
  }

  std::array<ChannelWriter<Site>, 6> neighbours;

private:
  void pass_on() {
    auto& to = neighbours[this->random().below(6)];
    if constexpr (Bytes == 0)
      to.send([](Site& site) { site.serve(); });
    else
      to.send([luggage = Luggage{}](Site& site) {
        static_cast<void>(luggage);
        site.serve();
      });
  }
};

template <std::size_t Bytes>
SetUp lattice_of(int side) {
  return [side] {
    Simulation::space(Space::torus(side, side, side));
    std::vector<Site<Bytes>*> sites;
    const auto each = [&](auto&& act) {
      for (int z = 0; z < side; ++z)
        for (int y = 0; y < side; ++y)
          for (int x = 0; x < side; ++x)
            act(x, y, z);
    };
    const auto site_at = [&](int x, int y, int z) -> Site<Bytes>& {
      const auto wrap = [side](int i) { return (i + side) % side; };
      return *sites[static_cast<std::size_t>(wrap(x) + side * (wrap(y) + side * wrap(z)))];
    };
    each([&](int x, int y, int z) { sites.push_back(new Site<Bytes>({0, x, y, z})); });
    each([&](int x, int y, int z) {
      Site<Bytes>& site = site_at(x, y, z);
      const std::array<Site<Bytes>*, 6> near = {&site_at(x + 1, y, z), &site_at(x - 1, y, z),
                                                &site_at(x, y + 1, z), &site_at(x, y - 1, z),
                                                &site_at(x, y, z + 1), &site_at(x, y, z - 1)};
      for (std::size_t i = 0; i < near.size(); ++i)
        site.neighbours[i] = ChannelWriter(site, *near[i]);
      for (int tokens = 0; tokens < 4; ++tokens)
        site.serve();
    });
  };
}

template <std::size_t Bytes>
double bytes_per_remote_lambda(std::uint64_t seed) {
  constexpr int side = 10;
  constexpr std::size_t sites = side * side * side;
  VirtualCluster::Shape shape;
  shape.quick_domains = 0; // frames as full as they are where a wake-up takes its time
  const Outcome run = run_on_nodes(
      lattice_of<Bytes>(side), 10, shape, [](std::size_t i) { return 2 * i / sites; }, seed);
  CHECK(run.traffic.lambdas > 1'000);
  return static_cast<double>(run.traffic.bytes) / static_cast<double>(run.traffic.lambdas);
}

} // namespace

TEST_CASE("a lambda between nodes costs at most 1.5 times its data and 16 bytes, with everything") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const double none = bytes_per_remote_lambda<0>(seed);
    const double little = bytes_per_remote_lambda<8>(seed);
    const double much = bytes_per_remote_lambda<64>(seed);
    CAPTURE(seed, none, little, much);
    CHECK(none <= 16);
    CHECK(little <= 1.5 * 8 + 16);
    CHECK(much <= 1.5 * 64 + 16);
  }
}

// ---- how many frames
// --------------------------------------------------------------------------------

namespace {

/// Talks to a neighbour all the time, and to somebody far away now and then.
class Townsman : public Agent<Townsman, Simulation> {
public:
  explicit Townsman(const Minkowski<4>& position) : Agent(position) {}

  void talk_to(Townsman& neighbour) {
    neighbour_ = ChannelWriter<Townsman>(*this, neighbour);
    after(0.01 * random().uniform(0, 1), [](Townsman& self) { self.talk(); });
  }
  void write_to(Townsman& friend_abroad) {
    friend_ = ChannelWriter<Townsman>(*this, friend_abroad);
    after(1, [](Townsman& self) { self.write(); });
  }

private:
  void talk() {
    neighbour_.send([](Townsman&) {});
    after(0.05, [](Townsman& self) { self.talk(); });
  }
  void write() {
    friend_.send([](Townsman&) {});
    after(1, [](Townsman& self) { self.write(); });
  }

  ChannelWriter<Townsman> neighbour_;
  ChannelWriter<Townsman> friend_;
};

/// Two towns, one light-second apart, whose first citizens write each other once a second.
SetUp two_towns(int citizens) {
  return [citizens] {
    std::array<Townsman*, 2> first{};
    for (std::size_t town = 0; town < 2; ++town) {
      Townsman* last = nullptr;
      for (int i = 0; i < citizens; ++i) {
        auto* next = new Townsman({0, 1.0 * static_cast<double>(town), 0.001 * i, 0});
        if (last == nullptr)
          first[town] = next;
        else
          last->talk_to(*next);
        last = next;
      }
      last->talk_to(*first[town]);
    }
    first[0]->write_to(*first[1]);
    first[1]->write_to(*first[0]);
  };
}

} // namespace

namespace {

/// Turns once a second.
class Rambler : public Agent<Rambler, Simulation> {
public:
  explicit Rambler(const Minkowski<4>& position) : Agent(position) { ramble(); }
  void watch(Rambler& other) { others_.emplace_back(*this, other); }

private:
  void ramble() {
    velocity = Velocity<4>(random().uniform(-0.01, 0.01), 0, 0);
    after(1, [](Rambler& self) { self.ramble(); });
  }
  std::vector<ChannelWriter<Rambler>> others_;
};

} // namespace

TEST_CASE("a turn tells the new worldline once, however many channels the agent has to a node") {
  constexpr double end_time = 200;
  const auto bytes_with = [](int channels) {
    const SetUp world = [channels] {
      auto* a = new Rambler({0, 0, 0, 0});
      auto* b = new Rambler({0, 30, 0, 0});
      for (int i = 0; i < channels; ++i)
        a->watch(*b);
    };
    const Outcome run = run_on_nodes(
        world, end_time, {}, [](std::size_t agent) { return agent; }, 1);
    check_same(run, run_serially(world, end_time));
    return static_cast<double>(run.traffic.bytes);
  };
  const double one = bytes_with(1);
  const double many = bytes_with(11);
  CAPTURE(one, many);
  CHECK(one > 60 * end_time);                    // a worldline each time
  CHECK(many - one < 10 * (2 * end_time + 200)); // for each channel its number, and its end
}

TEST_CASE("agents who rarely talk to other nodes cost few frames, however many they are") {
  constexpr double end_time = 20;
  for (const int citizens : {3, 30, 300}) {
    const SetUp world = two_towns(citizens);
    const Place place = [citizens](std::size_t agent) {
      return agent / static_cast<std::size_t>(citizens);
    };
    const Outcome oracle = run_serially(world, end_time);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO(citizens << " citizens, seed " << seed);
      const Outcome run = run_on_nodes(world, end_time, {2, 1, {}, {}}, place, seed);
      check_same(run, oracle);
      CHECK(run.traffic.lambdas == 38);
      CHECK(run.traffic.frames < 8 * end_time);
    }
  }
}

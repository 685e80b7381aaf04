// Agents that move between two nodes while the run goes on: how many a second, in one thread that
// does the work of both nodes, without a network.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"
#include "tests/support/virtual_cluster.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <memory>
#include <vector>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, test::ShuffledDomains>;

constexpr std::size_t most_channels = 6; // each way

/// Passes its token on to its neighbours in turn, once a second.
class Hiker : public Agent<Hiker, Simulation> {
public:
  explicit Hiker(const SpaceTime& position) : Agent(position) {}

  void connect(std::size_t channel, Hiker& neighbour) {
    neighbours_[channel] = ChannelWriter(*this, neighbour);
  }
  void wait_and_pass(std::uint32_t channels) {
    after(1, [channels](Hiker& self) {
      self.neighbours_[self.passed_++ % channels].send(
          [channels](Hiker& other) { other.wait_and_pass(channels); });
    });
  }

private:
  friend struct stos::AgentMaker;
  Hiker() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Hiker& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours_), f.field("passed", x.passed_));
  }

  std::array<ChannelWriter<Hiker>, most_channels> neighbours_;
  std::uint64_t passed_ = 0;
};

/// 200,000 agents in a ring, each with channels to the next ones, and back.
std::unique_ptr<Simulation> make_ring(std::uint32_t agents, std::uint32_t channels) {
  auto simulation = std::make_unique<Simulation>();
  const auto scope = simulation->set_up();
  simulation->space(Space::torus(agents, 2, 2));
  std::vector<Hiker*> ring;
  for (std::uint32_t i = 0; i < agents; ++i)
    ring.push_back(new Hiker({0, static_cast<double>(i), 0, 0}));
  for (std::uint32_t i = 0; i < agents; ++i) {
    for (std::uint32_t c = 0; c < channels; ++c) {
      const std::uint32_t way = c / 2 + 1;
      ring[i]->connect(c, *ring[(i + (c % 2 == 0 ? way : agents - way)) % agents]);
    }
    ring[i]->wait_and_pass(channels);
  }
  return simulation;
}

/// Of 200,000 agents half are on each node. All those of the first node move to the second one; or
/// every other agent of the ring is on the first node, so that all channels are between nodes
/// afterwards if they were not before, and the other way round. Then they move back.
struct Journey {
  static constexpr std::uint32_t agents = 200'000;
  std::uint32_t channels;
  bool scattered;

  [[nodiscard]] bool goes(std::uint32_t agent) const {
    return scattered ? agent % 2 == 0 : agent < agents / 2;
  }
};

// What other programs do on the machine does not count.
double cpu_time_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::vector<double> journey_times_s(const Journey& journey, std::size_t times) {
  std::array<std::unique_ptr<Simulation>, 2> simulations;
  std::vector<World*> worlds;
  for (auto& simulation : simulations) {
    simulation = make_ring(Journey::agents, journey.channels);
    worlds.push_back(&simulation->world());
    worlds.back()->end_time = 1e9;
    worlds.back()->begin_run();
  }
  test::VirtualCluster cluster({}, 1);
  std::vector<double> times_s;
  std::size_t awaited = 0;
  double begin_s = 0;
  cluster.before_step = [&](test::VirtualCluster& now) {
    if (now.outcomes().size() < awaited || times_s.size() == times)
      return;
    if (awaited > 0)
      times_s.push_back(cpu_time_s() - begin_s);
    if (times_s.size() == times) {
      for (World* world : worlds)
        world->end_time = 0;
      return;
    }
    const NodeIndex to(1 - times_s.size() % 2);
    std::vector<AgentMove> moves;
    for (std::uint32_t i = 0; i < Journey::agents; ++i)
      if (journey.goes(i))
        moves.push_back({AgentId::initial(i), to});
    awaited += moves.size();
    begin_s = cpu_time_s();
    (void)now.request(0, moves);
  };
  cluster.run(worlds, [&](std::size_t i) {
    return journey.goes(static_cast<std::uint32_t>(i)) ? std::size_t{0} : std::size_t{1};
  });
  return times_s;
}

void move_agents(benchmark::State& state) {
  const Journey journey{static_cast<std::uint32_t>(state.range(0)), state.range(1) != 0};
  const std::vector<double> times_s =
      journey_times_s(journey, static_cast<std::size_t>(state.max_iterations));
  std::size_t i = 0;
  for (auto _ : state)
    state.SetIterationTime(times_s[i++]);
  state.counters["moved/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * Journey::agents / 2, benchmark::Counter::kIsRate);
}
BENCHMARK(move_agents)
    ->ArgNames({"channels", "scattered"})
    ->ArgsProduct({{1, most_channels}, {0, 1}})
    ->Iterations(4)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

} // namespace

// The stages of one event, seen from the model: each is timed within a run, by the agents.

#include "libstos/stos.hpp"

#include <benchmark/benchmark.h>

#include <chrono>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<0>>;
using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

struct Stages {
  Clock::time_point send_begins, send_ends, first_absorbed, last_absorbed;
};

// Sends a burst of lambdas in one event, or absorbs one.
class Partner : public Agent<Partner, Simulation> {
public:
  Partner(const Minkowski<4>& position, Stages& stages) : Agent(position), stages_(stages) {}

  ChannelWriter<Partner> to_other;

  void send_burst(std::int64_t size) {
    stages_.send_begins = Clock::now();
    for (std::int64_t i = 0; i < size; ++i)
      to_other.send([last = i + 1 == size](Partner& other) { other.absorb(last); });
    stages_.send_ends = Clock::now();
  }

private:
  void absorb(bool last) {
    if (absorbed_++ == 0)
      stages_.first_absorbed = Clock::now();
    if (last)
      stages_.last_absorbed = Clock::now();
  }

  Stages& stages_;
  std::int64_t absorbed_ = 0;
};

Stages run_burst(std::int64_t size, std::int64_t workers) {
  Stages stages;
  RunOptions options;
  options.workers = static_cast<std::uint32_t>(workers);
  options.progress = ProgressMode::never;
  Simulation simulation(options);
  {
    const auto scope = simulation.set_up();
    auto* alice = new Partner({0, 0, 0, 0}, stages);
    auto* bob = new Partner({0, 1, 0, 0}, stages);
    alice->to_other = ChannelWriter(*alice, *bob);
    alice->after(0.5, [size](Partner& self) { self.send_burst(size); });
  }
  simulation.run(10);
  return stages;
}

template <class Stage>
void time_bursts(benchmark::State& state, Stage stage) {
  constexpr std::int64_t size = 10'000;
  for (auto _ : state)
    state.SetIterationTime(stage(run_burst(size, state.range(0))));
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(state.iterations() * size),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// send(): the lambda is made and put aside until the event is over.
void stage_send(benchmark::State& state) {
  time_bursts(state, [](const Stages& s) { return seconds(s.send_begins, s.send_ends); });
}

// The sender's event is over: its lambdas leave, arrive and are put in order.
void stage_intake(benchmark::State& state) {
  time_bursts(state, [](const Stages& s) { return seconds(s.send_ends, s.first_absorbed); });
}

// The receiver takes one after the other.
void stage_absorb(benchmark::State& state) {
  time_bursts(state, [](const Stages& s) { return seconds(s.first_absorbed, s.last_absorbed); });
}

// One token in a ring of agents, each of which is taken up for this one event and put aside again.
class Runner : public Agent<Runner, Simulation> {
public:
  using Agent::Agent;
  ChannelWriter<Runner> next;
  void pass() {
    next.send([](Runner& other) { other.pass(); });
  }
};

void activation(benchmark::State& state) {
  constexpr double hops = 100'000;
  for (auto _ : state) {
    RunOptions options;
    options.workers = static_cast<std::uint32_t>(state.range(0));
    options.progress = ProgressMode::never;
    Simulation simulation(options);
    {
      const auto scope = simulation.set_up();
      std::vector<Runner*> ring;
      for (std::int64_t i = 0; i < state.range(1); ++i)
        ring.push_back(new Runner({0, static_cast<double>(i % 2), 0, 0}));
      for (std::size_t i = 0; i < ring.size(); ++i)
        ring[i]->next = ChannelWriter(*ring[i], *ring[(i + 1) % ring.size()]);
      ring.front()->pass();
    }
    state.SetIterationTime(simulation.run(hops).wall_time_s);
  }
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * hops,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(stage_send)->ArgName("workers")->Arg(0)->Arg(1)->UseManualTime();
BENCHMARK(stage_intake)->ArgName("workers")->Arg(0)->Arg(1)->UseManualTime();
BENCHMARK(stage_absorb)->ArgName("workers")->Arg(0)->Arg(1)->UseManualTime();
BENCHMARK(activation)
    ->ArgNames({"workers", "agents"})
    ->ArgsProduct({{0, 1}, {2, 1000}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

} // namespace

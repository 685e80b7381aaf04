// The small things that every event is made of. Ratios between them tell more than their times.

#include "libstos/agent/simulation.hpp"
#include "libstos/causal/causal_mailbox.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

using namespace stos;

namespace {

void crossing_at_rest(benchmark::State& state) {
  const Trajectory path({0, 1, 2, 3}, {});
  Point emission{5, 4, 3, 2};
  for (auto _ : state) {
    emission[0] += 1e-3;
    benchmark::DoNotOptimize(light_cone::absorption_time(emission, path, Space()));
  }
}
BENCHMARK(crossing_at_rest);

void crossing_in_motion(benchmark::State& state) {
  const Trajectory path({0, 1, 2, 3}, {0.3, -0.4, 0.5});
  Point emission{5, 4, 3, 2};
  for (auto _ : state) {
    emission[0] += 1e-3;
    benchmark::DoNotOptimize(light_cone::absorption_time(emission, path, Space()));
  }
}
BENCHMARK(crossing_in_motion);

void crossing_bound(benchmark::State& state) {
  const Trajectory path({0, 1, 2, 3}, {0.3, -0.4, 0.5});
  const Trajectory source({0, 4, 3, 2}, {-0.1, 0.2, 0});
  double horizon = 5;
  for (auto _ : state) {
    horizon += 1e-3;
    benchmark::DoNotOptimize(light_cone::absorption_bound(source, horizon, path, Space()));
  }
}
BENCHMARK(crossing_bound);

// A mailbox in which `range` lambdas wait: one leaves, one comes.
void mailbox_push_pop(benchmark::State& state) {
  const Trajectory path;
  const Trajectory source({0, 1, 0, 0}, {});
  IncomingChannel channel;
  channel.source_path = &source;
  CausalMailbox::Memory& memory = *std::pmr::new_delete_resource();
  CausalMailbox mailbox;
  mailbox.attach(channel, path, Space());
  std::vector<Lambda> lambdas(static_cast<std::size_t>(state.range(0)));
  RandomStream random(1);
  for (Lambda& lambda : lambdas) {
    lambda.kind = Lambda::Kind::timer;
    lambda.due = random.exponential(1);
    mailbox.push(lambda, path, Space(), memory);
  }
  const std::array<double, 1> horizon{1e300};
  for (auto _ : state) {
    benchmark::DoNotOptimize(mailbox.next(path, Space(), {horizon, Instant::beginning()}));
    Lambda& lambda = mailbox.pop();
    lambda.due += random.exponential(1);
    mailbox.push(lambda, path, Space(), memory);
  }
  mailbox.free_memory(memory);
}
BENCHMARK(mailbox_push_pop)->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Arg(1024);

using Simulation = ForwardSimulation<Minkowski<4>, test::ShuffledDomains>;

class Ring : public Agent<Ring, Simulation> {
public:
  using Agent::Agent;
  ChannelWriter<Ring> next;
  void pass() {
    next.send([](Ring& other) { other.pass(); });
  }
};

// `range(0)` agents pass `range(0)` tokens around a ring; serially, or in one domain.
void ring(benchmark::State& state) {
  const auto agents = static_cast<std::size_t>(state.range(0));
  std::uint64_t events = 0;
  for (auto _ : state) {
    Simulation simulation({}, test::ShuffledDomains(static_cast<std::size_t>(state.range(1)), 1));
    {
      const auto scope = simulation.set_up();
      std::vector<Ring*> members;
      for (std::size_t i = 0; i < agents; ++i)
        members.push_back(new Ring({0, static_cast<double>(i), 0, 0}));
      for (std::size_t i = 0; i + 1 < agents; ++i) {
        members[i]->next = ChannelWriter(*members[i], *members[i + 1]);
        members[i]->pass();
      }
      members.back()->next = ChannelWriter(*members.back(), *members.front());
    }
    events += simulation.run(1e5 / static_cast<double>(agents)).absorbed;
  }
  state.counters["events/s"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}
BENCHMARK(ring)
    ->ArgNames({"agents", "domains"})
    ->ArgsProduct({{10, 1000}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();

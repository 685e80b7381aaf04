// A program that runs three simulations at once, each in a thread of its own, on one cluster if it
// is a node of one. tests/system/simulations.sh runs it.
//
//   ring      24 agents hand a ball around
//   counters  40 agents count on their own
//   broken    two agents, one of which throws at 50 s
//
// usage: simulations_at_once [OPTION]...; prints a line for each, in this order

#include "libstos/stos.hpp"

#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stos;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;
using SpaceTime = Simulation::SpaceTime;

struct Player : Agent<Player, Simulation> {
  explicit Player(const SpaceTime& position) : Agent(position) {}
  void take() {
    next.send([](Player& other) { other.take(); });
  }
  ChannelWriter<Player> next;
};

struct Counter : Agent<Counter, Simulation> {
  explicit Counter(const SpaceTime& position) : Agent(position) {}
  void count() {
    after(random().uniform(0.1, 1), [](Counter& self) { self.count(); });
  }
};

void make_ring() {
  constexpr int players = 24;
  std::vector<Player*> ring;
  for (int i = 0; i < players; ++i)
    ring.push_back(new Player({0, 0.5 * i, 0, 0}));
  for (int i = 0; i < players; ++i)
    ring[i]->next = ChannelWriter(*ring[i], *ring[(i + 1) % players]);
  ring[0]->take();
}

void make_counters() {
  constexpr int counters = 40;
  for (int i = 0; i < counters; ++i)
    (new Counter({0, 1.0 * i, 0, 0}))->count();
}

void make_broken() {
  (new Counter({0, 0, 0, 0}))->count();
  (new Counter({0, 1, 0, 0}))->after(50, [](Counter&) { throw std::runtime_error("it broke"); });
}

/// The digest, or what went wrong.
std::string run(RunOptions options, const char* name, void (*set_up)()) {
  options.simulation_name = name;
  try {
    Simulation simulation(options);
    {
      const auto scope = simulation.set_up();
      set_up();
    }
    return simulation.run(400'000).digest.to_string();
  } catch (const std::exception& problem) {
    return problem.what();
  }
}

int simulate(const RunOptions& options) {
  if (options.distributed) // this thread keeps the node until all three have ended
    (void)ClusterNode::of_process(options, options.workers.value_or(1));
  const auto start = [&options](const char* name, void (*set_up)()) {
    return std::async(std::launch::async, run, options, name, set_up);
  };
  auto ring = start("ring", make_ring);
  auto counters = start("counters", make_counters);
  auto broken = start("broken", make_broken);
  std::cout << "ring " << ring.get() << std::endl;
  std::cout << "counters " << counters.get() << std::endl;
  std::cout << "broken " << broken.get() << std::endl;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return run_main(argc, argv, "Three simulations at once.", simulate);
}

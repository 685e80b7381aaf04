// A square of agents, each of whom works once a second and tells its neighbours. Those near a spot
// have far more to do than the others, and the spot wanders. So however agents are spread over
// nodes at the beginning, it is wrong soon: see bench/balance.sh.

#include "libstos/stos.hpp"

#include <cmath>
#include <iostream>
#include <numbers>
#include <vector>

using namespace stos;

using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<0>>;

namespace {

struct Model {
  std::uint32_t side = 60;
  std::uint32_t work = 200;    // units of work of an agent in the cold
  std::uint32_t hot_work = 20; // times that of one at the spot
  double radius = 10;          // of the spot
  double round = 400;          // s that it takes for a round
  double end_time = 200;
};

class Worker : public Agent<Worker, MySimulation> {
public:
  Worker() = default;
  Worker(double x, double y) : Agent(Minkowski<3>(0, x, y)) {}

  void work() {
    const Model& model = provided<Model>();
    const Minkowski<3> here = position();
    const double middle = model.side / 2.0;
    const double angle = 2 * std::numbers::pi * here[0] / model.round;
    const double x = middle + middle * std::cos(angle);
    const double y = middle + middle * std::sin(angle);
    const bool is_hot = std::hypot(here[1] - x, here[2] - y) < model.radius;
    for (std::uint32_t i = 0; i < model.work * (is_hot ? model.hot_work : 1); ++i)
      state_ = mix64(state_ + i);
    for (ChannelWriter<Worker>& neighbour : neighbours)
      neighbour.send([](Worker& other, std::uint64_t state) { other.hear(state); }, state_);
    after(1, [](Worker& self) { self.work(); });
  }

  std::vector<ChannelWriter<Worker>> neighbours;

private:
  void hear(std::uint64_t state) { state_ += state; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Worker& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours), f.field("state", x.state_));
  }

  std::uint64_t state_ = 0;
};

Model model; // the same on all nodes

void set_up(MySimulation& simulation) {
  const auto scope = simulation.set_up();
  simulation.provide(model);
  const std::uint32_t side = model.side;
  std::vector<Worker*> all;
  for (std::uint32_t y = 0; y < side; ++y)
    for (std::uint32_t x = 0; x < side; ++x)
      all.push_back(new Worker(x, y));
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const std::uint32_t x = i % side, y = i / side;
    const auto tell = [&](bool is_there, std::uint32_t other) {
      if (is_there)
        all[i]->neighbours.emplace_back(*all[i], *all[other]);
    };
    tell(x > 0, i - 1);
    tell(x + 1 < side, i + 1);
    tell(y > 0, i - side);
    tell(y + 1 < side, i + side);
    all[i]->after(0.5, [](Worker& self) { self.work(); });
  }
}

void declare(CommandLine& cli) {
  cli.option("--side", model.side, "Agents along a side of the square.", 1, 1'000);
  cli.option("--work", model.work, "What an agent has to do in the cold.", 0, 1'000'000);
  cli.option("--hot-work", model.hot_work, "Times that, at the spot.", 1, 1'000);
  cli.option("--radius", model.radius, "Of the spot.", 0, 1'000);
  cli.option("--round", model.round, "Seconds that it takes for a round.", 1, 1e9);
}

} // namespace

int main(int argc, char** argv) {
  return run_main(argc, argv, "Work that wanders.", declare, [](const RunOptions& options) {
    MySimulation simulation(options);
    set_up(simulation);
    const RunSummary summary = simulation.run(model.end_time);
    std::cout << (options.digest_only ? summary.digests() + "\n" : summary.to_string());
    return 0;
  });
}

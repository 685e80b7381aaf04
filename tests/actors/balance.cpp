// Agents that move between nodes while a simulation runs, so that all have as much to do.

#include "tests/support/nodes_in_threads.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Row = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

constexpr std::uint32_t places = 300;

/// Works as long as somebody has work for it: the first third of a row has most of it.
class Worker : public Agent<Worker, Row> {
public:
  Worker() = default;
  explicit Worker(std::uint32_t place) : Agent(Minkowski<2>(0, place)), place_(place) {}

  void work() {
    const bool is_busy = place_ < places / 3;
    for (int i = 0; i < (is_busy ? 3'000 : 30); ++i)
      state_ = mix64(state_ + place_);
    if (neighbour)
      neighbour.send([](Worker& other, std::uint64_t state) { other.hear(state); }, state_);
    after(1, [](Worker& self) { self.work(); });
  }

  ChannelWriter<Worker> neighbour;

private:
  void hear(std::uint64_t state) { state_ ^= state; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Worker& x) {
    return f.object(x).fields(f.field("place", x.place_), f.field("state", x.state_),
                              f.field("neighbour", x.neighbour));
  }

  std::uint32_t place_ = 0;
  std::uint64_t state_ = 0;
};

void set_up(Row& row) {
  const auto scope = row.set_up();
  std::vector<Worker*> all;
  for (std::uint32_t i = 0; i < places; ++i)
    all.push_back(new Worker(i));
  for (std::size_t i = 0; i < places; ++i) {
    if (i + 1 < places)
      all[i]->neighbour = ChannelWriter<Worker>(*all[i], *all[i + 1]);
    all[i]->after(0.5, [](Worker& self) { self.work(); });
  }
}

} // namespace

TEST_CASE("agents move to where there is less to do, and nothing else changes") {
  constexpr double end = 400;
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  options.workers = 0;
  options.values = true;
  Row alone(options);
  set_up(alone);
  const std::string expected = alone.run(end).digests();
  for (const BalanceName rule : {BalanceName::diffusion, BalanceName::repartition}) {
    std::atomic<std::uint64_t> moves{0};
    nodes_in_threads(3, [&](NodeInThread& self) {
      RunOptions here = self.options;
      here.workers = 1;
      here.digest_only = true;
      here.values = true;
      here.cluster.balance = rule;
      here.cluster.balance_every_s = 0.02;
      Row row(here, ThreadPool<0>(self.system, self.node));
      set_up(row);
      const RunSummary summary = row.run(end);
      moves = summary.engine_counters.moves; // of all nodes
      if (summary.digests() != expected)
        throw std::runtime_error("agents that move for balance change the outcome");
    });
    CHECK(moves > 20);
    CHECK(moves < 20 * places);
  }
}

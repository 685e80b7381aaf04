#include "libstos/engine/parallel/load_division.hpp"

#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/levelled_domains.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, LevelledDomains>;

/// Ticks, at a pace of its own that changes once, and tells its neighbour of it.
class Ticker : public Agent<Ticker, Simulation> {
public:
  Ticker(const Minkowski<4>& place, double before, double afterwards)
      : Agent(place), before_(before), afterwards_(afterwards) {}

  void begin() { tick(); }
  void bear() {
    after(0.5, [](Ticker& self) { new Ticker(self.position(), 1, 1); });
  }
  void connect(Ticker& other) { neighbours_.emplace_back(*this, other); }

private:
  void tick() {
    const double mean = position()[0] < 100 ? before_ : afterwards_;
    after(random().exponential(mean), [](Ticker& self) {
      for (auto& neighbour : self.neighbours_)
        neighbour.send([](Ticker& other) { ++other.heard_; });
      self.tick();
    });
  }

  double before_;
  double afterwards_;
  std::vector<ChannelWriter<Ticker>> neighbours_;
  std::uint64_t heard_ = 0;
};

/// A row of agents, a quarter of which tick ten times as fast as the others: until 100 s those on
/// its left, or everywhere (`even`); later on those in its middle.
struct Outcome {
  RunSummary summary;
  Levelling levelling;
};
Outcome run_row(std::size_t domains, bool levelled, bool even = false,
                const std::function<void(const std::vector<Ticker*>&)>& disturb = {}) {
  Simulation simulation({}, LevelledDomains(domains, levelled));
  {
    const auto scope = simulation.set_up();
    std::vector<Ticker*> row;
    for (int i = 0; i < 200; ++i)
      row.push_back(new Ticker({0, static_cast<double>(i), 0, 0}, even || i < 50 ? 0.1 : 1,
                               even || (i >= 100 && i < 150) ? 0.1 : 1));
    for (int i = 0; i < 200; ++i) {
      row[static_cast<std::size_t>(i)]->connect(*row[static_cast<std::size_t>((i + 1) % 200)]);
      row[static_cast<std::size_t>(i)]->begin();
    }
    if (disturb)
      disturb(row);
  }
  Outcome outcome{simulation.run(200), {}};
  outcome.levelling = levelling_of_this_thread;
  return outcome;
}

double busiest_of_average(const std::vector<std::uint64_t>& events) {
  const double sum = static_cast<double>(std::accumulate(events.begin(), events.end(), 0UL));
  return static_cast<double>(*std::max_element(events.begin(), events.end())) *
         static_cast<double>(events.size()) / sum;
}

} // namespace

TEST_CASE("a world with uneven loads ends with even ones, and the same digest") {
  const Outcome alone = run_row(1, false);
  for (const std::size_t domains : {2u, 3u, 4u}) {
    INFO("domains " << domains);
    const Outcome left_alone = run_row(domains, false);
    const Outcome levelled = run_row(domains, true);
    CHECK(left_alone.summary.digest == alone.summary.digest);
    CHECK(levelled.summary.digest == alone.summary.digest);
    CHECK(levelled.summary.absorbed == alone.summary.absorbed);
    CHECK(busiest_of_average(left_alone.levelling.events) > 1.3);
    CHECK(busiest_of_average(levelled.levelling.events) < 1.2);
    CHECK(levelled.levelling.divisions > 0);
    CHECK(levelled.levelling.divisions < 20);
    CHECK(levelled.summary.wall_time_s < 0.9 * left_alone.summary.wall_time_s);
  }
}

TEST_CASE("a world with even loads is not divided anew") {
  const Outcome levelled = run_row(2, true, true);
  CHECK(levelled.levelling.divisions == 0);
  CHECK(levelled.summary.digest == run_row(1, false, true).summary.digest);
}

TEST_CASE("where an agent moves or was born in the run, all keep their domains") {
  const auto disturb = [](const std::vector<Ticker*>& row, int how) {
    if (how == 1)
      row.back()->velocity = Velocity<4>(0, 0.1, 0);
    else if (how == 2)
      row.back()->bear();
  };
  for (const int how : {0, 1, 2}) {
    INFO("0: neither, 1: moves, 2: born: " << how);
    const Outcome levelled = run_row(2, true, false, [&](const auto& row) { disturb(row, how); });
    const Outcome alone = run_row(1, false, false, [&](const auto& row) { disturb(row, how); });
    CHECK((levelled.levelling.divisions > 0) == (how == 0));
    CHECK(levelled.summary.digest == alone.summary.digest);
  }
}

TEST_CASE("a division that would cut where agents are close is none") {
  Simulation simulation({}, LevelledDomains(2, true));
  {
    const auto scope = simulation.set_up();
    std::vector<Ticker*> agents;
    for (int i = 0; i < 200; ++i) { // those who are close have most to do, and are on the left
      const double x = i < 50 ? i * 1e-3 : i;
      agents.push_back(new Ticker({0, x, 0, 0}, i < 50 ? 0.1 : 1, i < 50 ? 0.1 : 1));
    }
    for (std::size_t i = 0; i < 200; ++i) {
      agents[i]->connect(*agents[(i + 1) % 200]);
      agents[i]->begin();
    }
  }
  (void)simulation.run(200);
  CHECK(levelling_of_this_thread.divisions == 0);
  CHECK(busiest_of_average(levelling_of_this_thread.events) > 1.3);
}

TEST_CASE("parts have equal loads, as far as single agents allow, and are compact") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    RunOptions options;
    Simulation simulation(options, LevelledDomains(1, false));
    const auto scope = simulation.set_up();
    std::vector<detail::LoadedAgent> agents;
    const std::uint32_t count = 1 + random.below(300);
    double greatest = 0;
    double sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      auto* agent = new Ticker({0, random.uniform(), 0, 0}, 1, 1);
      agents.push_back({&detail::cell_of(*agent),
                        {agent->position()[1], 0, 0},
                        random.bernoulli(0.3) ? 0 : random.exponential(1),
                        0});
      greatest = std::max(greatest, agents.back().load);
      sum += agents.back().load;
    }
    const std::size_t parts = 2 + random.below(7);
    detail::partition_by_load(agents, 0, parts);
    std::vector<double> loads(parts);
    for (const detail::LoadedAgent& agent : agents)
      loads[agent.part] += agent.load;
    const double fair = sum / static_cast<double>(parts);
    CHECK(*std::max_element(loads.begin(), loads.end()) <= 1.1 * fair + 3 * greatest);
    CHECK(std::is_sorted(agents.begin(), agents.end(),
                         [](const auto& a, const auto& b) { return a.part < b.part; }));
    CHECK(std::is_sorted(agents.begin(), agents.end(),
                         [](const auto& a, const auto& b) { return a.place[0] < b.place[0]; }));
  }
}

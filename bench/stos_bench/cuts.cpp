#include "bench/stos_bench/cuts.hpp"

#include "bench/stos_bench/child_process.hpp"
#include "bench/stos_bench/stopwatch.hpp"
#include "bench/stos_bench/workload.hpp"
#include "libstos/base/hash.hpp"
#include "libstos/image/cut.hpp"
#include "libstos/stos.hpp"
#include "store/cut_store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace stos::bench {
namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;

// Of the one worker of this process; another thread reads it.
std::atomic<std::uint64_t> hops{0};

// A site of the lattice of the other workloads, as it is stored.
class Site : public Agent<Site, Simulation> {
public:
  Site(const SpaceTime& position, std::uint32_t index) : Agent(position), token_(index) {}

  std::array<ChannelWriter<Site>, 6> neighbours;

  void begin() {
    after(static_cast<double>(exponential_ticks(random()())) * tick_s,
          [](Site& self) { self.pass(self.token_); });
  }

private:
  friend struct stos::AgentMaker;
  Site() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Site& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours), f.field("token", x.token_),
                              f.field("hash", x.hash_), f.field("hops", x.hops_));
  }

  void absorb(std::uint32_t token) {
    hops.store(hops.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    hash_ = mix64(hash_ + token);
    ++hops_;
    after(static_cast<double>(exponential_ticks(random()())) * tick_s,
          [token](Site& self) { self.pass(token); });
  }

  void pass(std::uint32_t token) {
    neighbours[random().below(6)].send([token](Site& site) { site.absorb(token); });
  }

  std::uint32_t token_ = 0;
  std::uint64_t hash_ = initial_hash;
  std::uint64_t hops_ = 0;
};

std::vector<Site*> create_sites(std::uint32_t agents) {
  const Model model{.sites = agents};
  const Grid grid = grid_of(model);
  const std::vector<Offset> offsets = offsets_of(model);
  Simulation::space(Space::torus(grid.nx, grid.ny, grid.nz));
  std::vector<Site*> sites(agents);
  for (std::uint32_t i = 0; i < agents; ++i) {
    const auto [x, y, z] = grid.place(i);
    sites[i] = new Site({0, x, y, z}, i);
  }
  for (std::uint32_t i = 0; i < agents; ++i)
    for (std::size_t k = 0; k < offsets.size(); ++k)
      sites[i]->neighbours[k] = ChannelWriter(*sites[i], *sites[grid.neighbour(i, offsets[k])]);
  return sites;
}

RunOptions one_worker(RunOptions options) {
  options.workers = 1;
  options.serial = false;
  options.end_time_s.reset();
  options.progress = ProgressMode::never;
  options.digest_only = true;
  return options;
}

// A folder for a store, beside this process, that is gone at the end.
class StoreFolder {
public:
  StoreFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "stos_bench.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("there is no place for a store of cuts: " + name);
    path_ = name;
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  ~StoreFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

// Looks at a run from another thread until it has seen enough.
class Observer {
public:
  struct Window {
    double hops_per_s = 0;
    double gap_s = 0; ///< in which nothing happened, the longest one
  };

  explicit Observer(World& world) : world_(world) {}

  [[nodiscard]] double first_hop_s(const Stopwatch& stopwatch) {
    while (hops == 0)
      pause();
    return stopwatch.seconds();
  }

  void wait_for_hops(std::uint64_t wanted) {
    while (hops < wanted)
      pause();
  }

  Window watch(double window_s) {
    const Stopwatch stopwatch;
    const std::uint64_t first = hops;
    std::uint64_t seen = first;
    double seen_at = 0;
    Window window;
    while (stopwatch.seconds() < window_s) {
      pause();
      if (hops == seen)
        continue;
      window.gap_s = std::max(window.gap_s, stopwatch.seconds() - seen_at);
      seen = hops;
      seen_at = stopwatch.seconds();
    }
    window.hops_per_s = static_cast<double>(seen - first) / seen_at;
    return window;
  }

  Window watch_cut(double window_s) {
    world_.wants_stop = true;
    return watch(window_s);
  }

  void end_run() { world_.end_before(-std::numeric_limits<double>::infinity()); }

private:
  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

  World& world_;
};

CutCosts observe_cuts(std::uint32_t agents, double every_s, double window_s, int pairs,
                      RunOptions options) {
  const std::size_t before = resident_bytes();
  CutCosts costs;
  costs.agents = agents;
  costs.every_s = every_s;
  const Stopwatch stopwatch;
  Simulation simulation(std::move(options));
  {
    const auto scope = simulation.set_up();
    for (Site* site : create_sites(agents))
      site->begin();
  }
  const auto per_agent = [&](std::size_t bytes) {
    return static_cast<double>(bytes - before) / agents;
  };
  std::thread observing([&] {
    Observer observer(simulation.world());
    costs.set_up_s = observer.first_hop_s(stopwatch);
    observer.wait_for_hops(agents);
    costs.memory_per_agent = per_agent(resident_bytes());
    std::vector<double> lost, pauses;
    for (int pair = 0; pair < pairs; ++pair) {
      const Observer::Window without = observer.watch(window_s);
      const Observer::Window with = observer.watch_cut(window_s);
      lost.push_back((1 - with.hops_per_s / without.hops_per_s) * window_s / every_s);
      if (pair == 0)
        costs.first_pause_s = with.gap_s;
      else
        pauses.push_back(with.gap_s);
    }
    costs.lost = median(lost);
    costs.pause_s = median(pauses);
    observer.end_run();
  });
  simulation.run(1e6);
  observing.join();
  costs.peak_per_agent = per_agent(resident_bytes_max());
  return costs;
}

// Until the first event.
double observe_restart(std::uint32_t agents, RunOptions options) {
  const Stopwatch stopwatch;
  Simulation simulation(std::move(options));
  {
    const auto scope = simulation.set_up();
    for (Site* site : create_sites(agents))
      site->begin();
  }
  double first_s = 0;
  std::thread observing([&] {
    Observer observer(simulation.world());
    first_s = observer.first_hop_s(stopwatch);
    observer.end_run();
  });
  simulation.run(1e6);
  observing.join();
  return first_s;
}

double bytes_of_files(const std::string& folder) {
  double sum = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    sum += static_cast<double>(file.file_size());
  return sum;
}

/// Runs a world serially, and stores cuts of it.
class TwoCuts {
public:
  std::array<std::uint64_t, 2> stored{};

  RunSummary run(World& world) {
    const StoreFolder folder;
    auto store = CutStore::open(folder.path(), Access::write);
    if (!store)
      throw std::runtime_error(store.error().context);
    std::size_t cuts = 0;
    world.next_stop = 1;
    world.at_stop = [&](const WorldAtStop& stop) {
      const Result<stos::detail::Cut> cut = stos::detail::take_cut(world, stop);
      if (!cut)
        throw std::runtime_error(cut.error().context);
      CutLabel label;
      label.time = stop.time;
      const auto written = (*store)->write(label, stos::detail::encode(*cut), 0);
      if (!written)
        throw std::runtime_error(written.error().context);
      stored[cuts++] = written->bytes_stored;
      return cuts < stored.size() ? 2 : Instant::never().absorption;
    };
    stos::detail::SerialEngine engine(world);
    engine.run();
    return {};
  }
  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }
};

using CrowdSimulation = ForwardSimulation<Minkowski<4>, TwoCuts>;

// Idle, with a state that is not like its neighbour's.
class Idler : public Agent<Idler, CrowdSimulation> {
public:
  explicit Idler(const SpaceTime& position) : Agent(position) {
    for (std::uint64_t& value : state_)
      value = random()();
  }

  std::array<ChannelWriter<Idler>, 6> neighbours;

  void change() { state_[random().below(8)] = random()(); }

private:
  friend struct stos::AgentMaker;
  Idler() = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Idler& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours), f.field("state", x.state_));
  }

  std::array<std::uint64_t, 8> state_{};
};

double observe_second_cut(std::uint32_t agents, RunOptions options) {
  const Model model{.sites = agents};
  const Grid grid = grid_of(model);
  const std::vector<Offset> offsets = offsets_of(model);
  CrowdSimulation simulation(std::move(options));
  {
    const auto scope = simulation.set_up();
    CrowdSimulation::space(Space::torus(grid.nx, grid.ny, grid.nz));
    std::vector<Idler*> crowd(agents);
    for (std::uint32_t i = 0; i < agents; ++i) {
      const auto [x, y, z] = grid.place(i);
      crowd[i] = new Idler({0, x, y, z});
    }
    for (std::uint32_t i = 0; i < agents; ++i)
      for (std::size_t k = 0; k < offsets.size(); ++k)
        crowd[i]->neighbours[k] = ChannelWriter(*crowd[i], *crowd[grid.neighbour(i, offsets[k])]);
    RandomStream any(1);
    for (std::uint32_t i = 0; i < agents / 100; ++i)
      crowd[any.below(agents)]->after(1.5, [](Idler& self) { self.change(); });
  }
  (void)simulation.run(3);
  const std::array<std::uint64_t, 2>& stored = simulation.resource().stored;
  return static_cast<double>(stored[1]) / static_cast<double>(stored[0]);
}

} // namespace

Result<CutCosts> measure_cuts(std::uint32_t agents, double every_s, double window_s, int pairs,
                              const RunOptions& options) {
  const StoreFolder folder;
  RunOptions cutting = one_worker(options);
  cutting.snapshot.path = folder.path();
  cutting.snapshot.every = SnapshotOptions::Interval{1e9, true}; // only when the observer wants it
  cutting.snapshot.keep = 0;
  Result<CutCosts> costs =
      in_child<CutCosts>([&] { return observe_cuts(agents, every_s, window_s, pairs, cutting); });
  if (!costs)
    return costs;
  costs->stored_per_agent = bytes_of_files(folder.path()) / pairs / agents;
  RunOptions restarting = one_worker(options);
  restarting.snapshot.from = folder.path();
  const Result<double> restart_s =
      in_child<double>([&] { return observe_restart(agents, restarting); });
  if (!restart_s)
    return restart_s.error();
  costs->restart_s = *restart_s;
  return costs;
}

Result<double> measure_second_cut(std::uint32_t agents, const RunOptions& options) {
  return in_child<double>([&] { return observe_second_cut(agents, one_worker(options)); });
}

std::vector<Verdict> verdicts_of(const CutCosts& costs) {
  const std::string name = "lattice " + short_number(costs.agents);
  const bool is_large = costs.agents >= 1'000'000;
  const std::string every = show(costs.every_s, 0);
  std::vector<Verdict> verdicts = {
      {name, "1", "% of the rate, a cut every " + every + " s", costs.lost * 100,
       is_large ? 3.0 : 5.0, is_large ? 1.0 : 2.0},
      {name, "1", "bytes stored over bytes of memory",
       costs.stored_per_agent / costs.memory_per_agent, 1, 0.3},
  };
  if (is_large)
    verdicts.push_back({name, "1", "seconds to restart", costs.restart_s, 10, 5});
  else
    verdicts.push_back({name, "1", "s of pause, the longest one",
                        std::max(costs.first_pause_s, costs.pause_s), 0.2, 0.1});
  return verdicts;
}

TextTable cuts_table(const std::vector<CutCosts>& all) {
  TextTable table({"lattice", "a cut every s", "lost %", "first pause ms", "pause ms",
                   "bytes/agent stored", "in memory", "at most", "set-up s", "restart s"});
  for (const CutCosts& costs : all)
    table.add({short_number(costs.agents), show(costs.every_s, 0), show(costs.lost * 100, 1),
               show(costs.first_pause_s * 1e3, 0), show(costs.pause_s * 1e3, 0),
               show(costs.stored_per_agent, 0), show(costs.memory_per_agent, 0),
               show(costs.peak_per_agent, 0), show(costs.set_up_s, 1), show(costs.restart_s, 1)});
  return table;
}

} // namespace stos::bench

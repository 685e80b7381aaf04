// Weather stations in space, whose records outlive the run and the processes that have made it:
//
//   weather                                  all in this process
//   stos run -n 3 weather                    on three nodes
//   STOS_AGENTS_FOLDER=here weather          records of earlier runs are there, too
//
// Stations tell each other their temperature, at the speed of light. Every ten seconds each of them
// gives it to its record, a replicated agent. A record knows measurements by their time, so that
// one that comes twice (since a run has gone on from a cut) is there once.

#include "actors/replicated_agent_calls.hpp"
#include "libstos/stos.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace stos;

namespace {

// ---- records
// --------------------------------------------------------------------------------------

struct Measurement {
  std::string run;
  std::int64_t second = 0;
  std::int64_t millikelvin = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Measurement& x) {
    return f.object(x).fields(f.field("run", x.run), f.field("second", x.second),
                              f.field("millikelvin", x.millikelvin));
  }
};

struct Extremes {
  std::uint64_t count = 0; // of measurements of this run
  std::int64_t least = 0;
  std::int64_t most = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Extremes& x) {
    return f.object(x).fields(f.field("count", x.count), f.field("least", x.least),
                              f.field("most", x.most));
  }
};

struct AskExtremes {
  std::string run;

  template <class Inspector>
  friend bool inspect(Inspector& f, AskExtremes& x) {
    return f.object(x).fields(f.field("run", x.run));
  }
};

struct Record {
  static constexpr std::string_view name = "record";
  using Queries = keyed::Queries<AskExtremes>;
  using Commands = keyed::Commands<Measurement>;

  std::map<std::string, std::map<std::int64_t, std::int64_t>> runs;

  Extremes query(const AskExtremes& asked) const {
    Extremes all;
    if (const auto run = runs.find(asked.run); run != runs.end())
      for (const auto& [second, millikelvin] : run->second) {
        all.least = all.count == 0 ? millikelvin : std::min(all.least, millikelvin);
        all.most = all.count == 0 ? millikelvin : std::max(all.most, millikelvin);
        ++all.count;
      }
    return all;
  }
  void command(const Measurement& x) { runs[x.run][x.second] = x.millikelvin; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Record& x) {
    return f.object(x).fields(f.field("runs", x.runs));
  }
};

// ---- stations
// -------------------------------------------------------------------------------------

using Sky = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

class Station : public Agent<Station, Sky> {
public:
  using Agent::Agent;

  /// `run` and `index` name its record.
  void live(const std::string& run, std::uint32_t index) {
    run_ = run;
    index_ = index;
    measure();
  }

  std::vector<ChannelWriter<Station>> neighbours;

private:
  void measure() {
    kelvin_ += random().uniform() - 0.5;
    for (auto& neighbour : neighbours)
      neighbour.send(
          [](Station& self, double theirs) { self.kelvin_ += 0.05 * (theirs - self.kelvin_); },
          kelvin_);
    if (++second_ % 10 == 0)
      command_agent<Record>(*this, "weather", std::to_string(index_),
                            Measurement{run_, second_, static_cast<std::int64_t>(kelvin_ * 1e3)});
    after(1, [](Station& self) { self.measure(); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Station& x) {
    return f.object(x).fields(f.field("run", x.run_), f.field("index", x.index_),
                              f.field("second", x.second_), f.field("kelvin", x.kelvin_),
                              f.field("neighbours", x.neighbours));
  }

  std::string run_;
  std::uint32_t index_ = 0;
  std::int64_t second_ = 0;
  double kelvin_ = 285;
};

// ---- a run
// ----------------------------------------------------------------------------------------

struct Wishes {
  std::uint32_t stations = 5;
  double seconds = 100;
  std::string run = "first";
};

/// What is on record of this station, once all that it has measured is there (for some time: a
/// command that has had no answer may not have been done).
Extremes on_record(ReplicatedAgents& agents, const Wishes& wishes, std::uint32_t station) {
  const std::uint64_t wanted = static_cast<std::uint64_t>(std::ceil(wishes.seconds)) / 10;
  Extremes found;
  for (int looks = 0; looks < 1'000 && found.count < wanted; ++looks) {
    if (looks > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (const auto seen =
            agents.query<Record>("weather", std::to_string(station), AskExtremes{wishes.run}))
      found = *seen;
  }
  return found;
}

int simulate(const RunOptions& options, const Wishes& wishes) {
  keyed::AgentTypes types;
  types.add<Record>();
  ReplicatedAgents agents(std::move(types), options);
  if (const auto done = agents.put_quota("weather", 1'000); !done) {
    std::cerr << "weather: " << done.error() << '\n';
    return 1;
  }
  Sky sky(options, beside<2>(agents));
  sky.provide(agents);
  {
    const auto scope = sky.set_up();
    std::vector<Station*> stations;
    for (std::uint32_t i = 0; i < wishes.stations; ++i)
      stations.push_back(new Station({0, 0.3 * i, 0.1 * (i % 3)}));
    for (std::uint32_t i = 0; i < wishes.stations; ++i) {
      stations[i]->neighbours.emplace_back(*stations[i], *stations[(i + 1) % wishes.stations]);
      stations[i]->live(wishes.run, i);
    }
  }
  const RunSummary summary = sky.run(wishes.seconds);
  if (options.digest_only) {
    std::cout << summary.digest.to_string() << '\n';
    return 0;
  }
  for (std::uint32_t i = 0; i < wishes.stations; ++i) {
    const Extremes seen = on_record(agents, wishes, i);
    std::cout << "station " << i << ": " << seen.count << " measurements, "
              << static_cast<double>(seen.least) / 1e3 << " K to "
              << static_cast<double>(seen.most) / 1e3 << " K\n";
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  Wishes wishes;
  return run_main(
      argc, argv, "Weather stations whose records outlive the run.",
      [&](CommandLine& cli) {
        cli.option("--stations", wishes.stations, "number of stations", 2, 1'000);
        cli.option("--run", wishes.run, "name of the run in the records");
      },
      [&](const RunOptions& options) {
        wishes.seconds = options.end_time_s.value_or(wishes.seconds);
        return simulate(options, wishes);
      });
}

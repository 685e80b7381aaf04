// Stations of queueing theory against their closed forms: the mean lies in the 99 % confidence
// interval of each run (batch means), and the interval is narrow enough to mean something.

#include "stations.hpp"

using namespace stos;
using namespace stos::test;

namespace {

constexpr std::uint64_t customers = 60'000;

/// A chain of stations with Poisson arrivals at `rate`, each light-second apart from the next.
RunSummary run_chain(const RunOptions& options, double rate, const std::vector<Duration>& services,
                     std::vector<StationRecord>& records) {
  const double end_time = 2 * customers / rate; // long after the last one has left
  records.assign(services.size(), {});
  return run_world<QueueSimulation>(options, end_time, [&] {
    std::vector<Station*> stations;
    for (std::size_t i = 0; i < services.size(); ++i)
      stations.push_back(new Station(static_cast<double>(i + 1), services[i], records[i]));
    for (std::size_t i = 1; i < services.size(); ++i)
      stations[i - 1]->connect(*stations[i]);
    (new Source(0, {1 / rate}, customers, *stations[0]))->begin();
  });
}

RunOptions seeded(std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return options;
}

// The law of Little, number = rate * time, holds for each run by itself and not just on average:
// the number in the station, integrated over time, is the sum of all sojourns, to the last tick.
void check_little(const StationRecord& record) {
  CHECK(record.present == 0);
  REQUIRE(record.sojourns.size() == customers);
  CHECK(record.area == std::accumulate(record.sojourns.begin(), record.sojourns.end(), Ticks{0}));
}

void check_mean(const std::vector<Ticks>& sojourns, double theory, double widest) {
  const Estimate w = batch_means(sojourns);
  CAPTURE(w.mean, w.half_width, theory);
  CHECK(w.covers(theory));
  CHECK(w.half_width < widest * theory);
}

} // namespace

TEST_CASE("M/M/1: customers stay 1 / (mu - lambda) on average") {
  const double lambda = 0.7, mu = 1;
  on_every_engine(
      [&](const RunOptions& options) {
        std::vector<StationRecord> records;
        const RunSummary run = run_chain(options, lambda, {{1 / mu}}, records);
        check_little(records[0]);
        check_mean(records[0].sojourns, 1 / (mu - lambda), 0.08);
        const double time = seconds(records[0].last_departure);
        // Utilisation and mean number: rho and rho / (1 - rho).
        CHECK(seconds(records[0].busy) / time == Approx(lambda / mu).epsilon(0.02));
        CHECK(seconds(records[0].area) / time == Approx(lambda / (mu - lambda)).epsilon(0.06));
        return run;
      },
      seeded(1));
}

TEST_CASE("M/D/1: customers stay 1/mu + rho / (2 mu (1 - rho)) on average") {
  const double lambda = 0.7, mu = 1, rho = lambda / mu;
  on_every_engine(
      [&](const RunOptions& options) {
        std::vector<StationRecord> records;
        const RunSummary run = run_chain(options, lambda, {{1 / mu, false}}, records);
        check_little(records[0]);
        check_mean(records[0].sojourns, 1 / mu + rho / (2 * mu * (1 - rho)), 0.05);
        return run;
      },
      seeded(2));
}

TEST_CASE("two M/M/1 stations in a row behave as if each were alone (Burke, Jackson)") {
  const double lambda = 0.5, mu1 = 0.9, mu2 = 0.75;
  on_every_engine(
      [&](const RunOptions& options) {
        std::vector<StationRecord> records;
        const RunSummary run = run_chain(options, lambda, {{1 / mu1}, {1 / mu2}}, records);
        check_little(records[0]);
        check_little(records[1]);
        check_mean(records[0].sojourns, 1 / (mu1 - lambda), 0.08);
        check_mean(records[1].sojourns, 1 / (mu2 - lambda), 0.08);
        // First come, first served: the n-th to leave is the n-th who came.
        std::vector<Ticks> total = records[0].sojourns;
        for (std::size_t i = 0; i < total.size(); ++i)
          total[i] += records[1].sojourns[i];
        check_mean(total, 1 / (mu1 - lambda) + 1 / (mu2 - lambda), 0.08);
        return run;
      },
      seeded(3));
}

TEST_CASE("light delays what happens at a station, and changes nothing else") {
  const auto sojourns_at = [](double x, const RunOptions& options, RunSummary& run) {
    StationRecord record;
    run = run_world<QueueSimulation>(options, 4000, [&] {
      auto* station = new Station(x, {1}, record);
      (new Source(0, {1.25}, 2000, *station))->begin();
    });
    return record;
  };
  on_every_engine([&](const RunOptions& options) {
    RunSummary near_run, far_run;
    const StationRecord near_record = sojourns_at(1, options, near_run);
    const StationRecord far_record = sojourns_at(256, options, far_run);
    CHECK(near_record.sojourns.size() == 2000);
    CHECK(near_record.sojourns == far_record.sojourns);
    CHECK(far_record.last_departure - near_record.last_departure == Ticks{255} << 20);
    return far_run;
  });
}

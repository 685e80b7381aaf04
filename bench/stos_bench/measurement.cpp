#include "bench/stos_bench/measurement.hpp"

#include "bench/stos_bench/child_process.hpp"
#include "bench/stos_bench/other_programs.hpp"
#include "bench/stos_bench/ours.hpp"
#include "bench/stos_bench/reference.hpp"
#include "bench/stos_bench/stopwatch.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace stos::bench {
namespace {

Outcome run_our_engine(const Contender& contender, double end_time_s, RunOptions options) {
  options.workers = contender.threads;
  options.serial = false;
  const std::size_t before = resident_bytes();
  const OurRun run = run_ours(contender.model, end_time_s, std::move(options));
  Outcome outcome;
  outcome.hops = run.hops;
  outcome.digest = run.digest;
  outcome.active_s = run.active_s;
  outcome.events = run.summary.absorbed;
  outcome.run_digest = run.summary.digest.value();
  outcome.ties = run.ties;
  outcome.setup_s = run.setup_s;
  outcome.whole_s = run.summary.wall_time_s;
  outcome.bytes_per_agent =
      static_cast<double>(resident_bytes_max() - before) / agents_of(contender.model);
  outcome.activations = run.summary.engine_counters.activations;
  outcome.empty_activations = run.summary.engine_counters.empty_activations;
  outcome.wakeups = run.summary.engine_counters.wakeups;
  return outcome;
}

Outcome run_other_engine(const Contender& contender, double end_time_s) {
  const ReferenceEngine engine = contender.engine == Engine::window  ? ReferenceEngine::window
                                 : contender.engine == Engine::yawns ? ReferenceEngine::yawns
                                                                     : ReferenceEngine::queue;
  constexpr double enough_s = 0.1;
  Outcome outcome;
  while (outcome.active_s < enough_s) {
    const ReferenceRun run = run_reference(contender.model, end_time_s, engine, contender.threads);
    // The rate of several runs is that of one which is as long as their mean.
    outcome.hops += run.hops;
    outcome.active_s += run.wall_time_s;
    outcome.digest = run.digest;
    ++outcome.events;
  }
  outcome.hops /= outcome.events;
  outcome.active_s /= static_cast<double>(outcome.events);
  return outcome;
}

std::string describe(const Contender& contender, double end_time_s) {
  std::ostringstream text;
  text << name_of(contender.engine) << ", " << contender.threads << " thread(s), to " << end_time_s
       << " s";
  return text.str();
}

std::string describe(const Outcome& outcome) {
  std::ostringstream text;
  text << outcome.hops << " hops, digest " << std::hex << std::setfill('0') << std::setw(16)
       << outcome.digest;
  return text.str();
}

// ---- what must be equal

// All runs of one model to one time agree with the first reference run, or with each other.
class Comparison {
public:
  explicit Comparison(Measurement& measurement) : measurement_(measurement) {}

  void compare() {
    for (const Series& series : measurement_.series) {
      const Series* reference = reference_for(series);
      for (const Outcome& outcome : series.outcomes) {
        if (series.contender.engine == Engine::ours)
          note_ties(series, outcome);
        if (reference != nullptr && !reference->outcomes.empty())
          compare(series, outcome, reference->outcomes.front());
        compare_with_known(series, outcome);
      }
    }
  }

private:
  [[nodiscard]] const Series* reference_for(const Series& series) const {
    for (const Series& other : measurement_.series)
      if (other.contender.engine != Engine::ours &&
          other.contender.model == series.contender.model && other.end_time_s == series.end_time_s)
        return &other;
    return nullptr;
  }

  [[nodiscard]] static bool must_be_equal(const Series& series) {
    return series.contender.engine != Engine::ours || is_exact(series.contender.model);
  }

  void compare(const Series& series, const Outcome& outcome, const Outcome& reference) {
    constexpr double tolerance = 0.02; // where distances are not whole ticks
    if (must_be_equal(series)
            ? outcome.digest == reference.digest && outcome.hops == reference.hops
            : std::abs(static_cast<double>(outcome.hops) / static_cast<double>(reference.hops) -
                       1) < tolerance)
      return;
    report(series, outcome, "expected " + bench::describe(reference));
  }

  void compare_with_known(const Series& series, const Outcome& outcome) {
    const Known* known = find_known(series.contender.model, series.end_time_s);
    if (known == nullptr || !must_be_equal(series) ||
        (known->digest == outcome.digest && known->hops == outcome.hops))
      return;
    Outcome expected;
    expected.hops = known->hops;
    expected.digest = known->digest;
    report(series, outcome, "known are " + bench::describe(expected));
  }

  // A tie in the other order explains a digest that differs.
  void report(const Series& series, const Outcome& outcome, const std::string& expected) {
    (outcome.ties > 0 ? measurement_.remarks : measurement_.failures)
        .push_back(measurement_.workload.name + ": " +
                   bench::describe(series.contender, series.end_time_s) + ": " +
                   bench::describe(outcome) + "; " + expected);
  }

  void note_ties(const Series& series, const Outcome& outcome) {
    if (outcome.ties > 0)
      measurement_.remarks.push_back(
          measurement_.workload.name + ": " + bench::describe(series.contender, series.end_time_s) +
          ": " + std::to_string(outcome.ties) + " ties in another order than in the definition");
  }

  Measurement& measurement_;
};

// Where the definition's digest is out of reach, the serial engine says what is right.
void compare_with_serial(Measurement& measurement, const RunOptions& options) {
  const Workload& workload = measurement.workload;
  std::uint64_t serial_digest = 0;
  for (const std::uint32_t workers : {0u, 1u, 2u}) {
    const Result<Outcome> run =
        run_once({Engine::ours, workers, workload.model}, workload.end_time_s_min, options);
    if (!run)
      measurement.failures.push_back(workload.name + ": " + run.error().context);
    else if (workers == 0)
      serial_digest = run->run_digest;
    else if (run->run_digest != serial_digest)
      measurement.failures.push_back(workload.name + ": " + std::to_string(workers) +
                                     " worker(s) and the serial engine have different digests");
  }
}

// ---- end times

// What is compared hop by hop runs equally long. Ping-pong has one rate within a worker and quite
// another one between two, so there each has its own end time.
bool share_end_time(const Contender& a, const Contender& b) {
  return a.model == b.model && (a.model.kind != ModelKind::crowd || a.threads == b.threads);
}

Result<void> choose_end_times(Measurement& measurement, const Effort& effort,
                              const RunOptions& options) {
  for (Series& series : measurement.series) {
    for (const Series& other : measurement.series)
      if (other.end_time_s > 0 && share_end_time(series.contender, other.contender))
        series.end_time_s = other.end_time_s;
    if (series.end_time_s > 0)
      continue;
    const Result<double> chosen =
        choose_end_time({Engine::ours, series.contender.threads, series.contender.model},
                        measurement.workload.end_time_s_min, effort.run_s, options);
    if (!chosen)
      return chosen.error();
    series.end_time_s = *chosen;
  }
  return {};
}

// Forwards in even rounds, backwards in odd ones: then a drift within a round cancels, too.
bool run_round(Measurement& measurement, int round, const RunOptions& options) {
  const std::size_t n = measurement.series.size();
  for (std::size_t i = 0; i < n; ++i) {
    Series& series = measurement.series[round % 2 == 0 ? i : n - 1 - i];
    const Result<Outcome> outcome = run_once(series.contender, series.end_time_s, options);
    if (!outcome) {
      measurement.failures.push_back(measurement.workload.name + ": " +
                                     describe(series.contender, series.end_time_s) + ": " +
                                     outcome.error().context);
      return false;
    }
    series.outcomes.push_back(*outcome);
  }
  return true;
}

void note_disturbance(Measurement& measurement, double others_share) {
  measurement.others_share = others_share;
  constexpr double tolerable = 0.04;
  if (others_share > tolerable)
    measurement.remarks.push_back(measurement.workload.name + ": other programs took " +
                                  std::to_string(std::lround(100 * others_share)) +
                                  " % of the processors' time: measure again");
}

} // namespace

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Series::hops_per_s() const {
  std::vector<double> rates;
  for (const Outcome& outcome : outcomes)
    rates.push_back(outcome.hops_per_s());
  return median(rates);
}

const Series* Measurement::find(const Contender& contender) const {
  for (const Series& one : series)
    if (one.contender == contender)
      return &one;
  return nullptr;
}

double Measurement::ratio(const Contender& subject, const Contender& yardstick) const {
  const Series* a = find(subject);
  const Series* b = find(yardstick);
  std::vector<double> ratios;
  if (a != nullptr && b != nullptr)
    for (std::size_t i = 0; i < std::min(a->outcomes.size(), b->outcomes.size()); ++i)
      ratios.push_back(a->outcomes[i].hops_per_s() / b->outcomes[i].hops_per_s());
  return median(ratios);
}

Result<Outcome> run_once(const Contender& contender, double end_time_s, const RunOptions& options) {
  return in_child<Outcome>([&] {
    return contender.engine == Engine::ours ? run_our_engine(contender, end_time_s, options)
                                            : run_other_engine(contender, end_time_s);
  });
}

Result<double> choose_end_time(const Contender& ours, double end_time_s_min, double run_s,
                               const RunOptions& options) {
  const Result<Outcome> probe = run_once(ours, end_time_s_min, options);
  if (!probe)
    return probe.error();
  const double affordable_s = end_time_s_min * run_s / std::max(probe->active_s, 1e-6);
  double chosen = end_time_s_min;
  for (double decade = 1; decade <= 1e6; decade *= 10)
    for (const double digit : {1, 2, 5})
      if (digit * decade <= affordable_s)
        chosen = std::max(chosen, digit * decade);
  return chosen;
}

Measurement measure(const Workload& workload, const Effort& effort, const RunOptions& options) {
  Measurement measurement{workload, {}, {}, {}};
  for (const Contender& contender : workload.contenders)
    measurement.series.push_back({contender, 0, {}});
  const Stopwatch stopwatch;
  const OtherPrograms others;
  if (const Result<void> chosen = choose_end_times(measurement, effort, options); !chosen) {
    measurement.failures.push_back(workload.name + ": " + chosen.error().context);
    return measurement;
  }
  if (!is_exact(workload.model))
    compare_with_serial(measurement, options);
  for (int round = 0; round < effort.rounds; ++round)
    if ((round > 0 && stopwatch.seconds() > effort.workload_s) ||
        !run_round(measurement, round, options))
      break;
  Comparison(measurement).compare();
  note_disturbance(measurement, others.share());
  return measurement;
}

} // namespace stos::bench

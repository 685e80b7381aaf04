#pragma once

#include "bench/stos_bench/workload.hpp"
#include "libstos/base/result.hpp"
#include "libstos/options/run_options.hpp"
#include "libstos/world/run_summary.hpp"

namespace stos::bench {

/// One run of a contender, as it comes back from a child process.
struct Outcome {
  std::uint64_t hops = 0;
  std::uint64_t digest = 0; ///< of the model
  double active_s = 0;      ///< what the rate refers to: without creation and deletion

  // Of our engine only:
  std::uint64_t events = 0;
  std::uint64_t run_digest = 0;
  std::uint64_t ties = 0;
  double setup_s = 0;
  double whole_s = 0;         ///< of the run, with start and deletion
  double bytes_per_agent = 0; ///< most resident memory of the process, less what it began with
  std::uint64_t activations = 0;
  std::uint64_t empty_activations = 0;
  std::uint64_t wakeups = 0;

  [[nodiscard]] double hops_per_s() const { return static_cast<double>(hops) / active_s; }
};

/// How much time is spent on a measurement.
struct Effort {
  int rounds = 3;
  double run_s = 0.7;     ///< about the length of our runs; the end time is chosen for it
  double workload_s = 12; ///< no new round begins after that
};

/// A contender's runs, one per round.
struct Series {
  Contender contender;
  double end_time_s = 0;
  std::vector<Outcome> outcomes;

  [[nodiscard]] double hops_per_s() const; ///< median
};

struct Measurement {
  Workload workload;
  std::vector<Series> series;
  std::vector<std::string> failures; ///< what makes the numbers worthless: wrong digests, crashes
  std::vector<std::string> remarks;
  double others_share = 0; ///< of the processors' time that went to other programs meanwhile

  /// The runs of `contender`, or null.
  [[nodiscard]] const Series* find(const Contender& contender) const;

  /// Median over the rounds of the ratio of two rates in the same round; 0 if there is none.
  [[nodiscard]] double ratio(const Contender& subject, const Contender& yardstick) const;
};

/// Runs one contender once, in a child process. Runs of a reference engine that take too short to
/// be measured are repeated within it.
[[nodiscard]] Result<Outcome> run_once(const Contender& contender, double end_time_s,
                                       const RunOptions& options);

/// The end time for which our engine takes about `run_s`: one of 1, 2, 5, 10, 20, ... or the least.
[[nodiscard]] Result<double> choose_end_time(const Contender& ours, double end_time_s_min,
                                             double run_s, const RunOptions& options);

/// Runs all contenders of a workload in turns, and compares what must be equal.
[[nodiscard]] Measurement measure(const Workload& workload, const Effort& effort,
                                  const RunOptions& options);

[[nodiscard]] double median(std::vector<double> values);

} // namespace stos::bench

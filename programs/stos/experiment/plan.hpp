#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos::program {

/// What an experiment varies: an option of the program ("--arrivals"), or a key of its
/// configuration
/// ("simulation.end_time"), and which values it takes.
struct Parameter {
  /// Numbers from `low` to `high`, for random designs.
  struct Interval {
    double low = 0;
    double high = 0;
    bool is_whole = false;       ///< whole numbers, both ends included
    bool is_logarithmic = false; ///< equally many between 1 and 10 as between 10 and 100

    friend bool operator==(const Interval&, const Interval&) = default;
  };

  std::string name;
  std::vector<std::string> values; ///< empty: of the interval
  Interval interval;

  [[nodiscard]] bool is_option() const { return name.starts_with('-'); }
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// How parameters make points: each value with each, as listed, or at random.
enum class Design : std::uint8_t { grid, list, uniform, latin_hypercube };

/// How what agents have reported becomes one number of a run.
enum class OutcomeRule : std::uint8_t {
  count,
  sum,
  mean,
  least,
  greatest,
  first,
  last,
  time_of_least,    ///< when it was the first time
  time_of_greatest, ///< likewise
  peak,             ///< the greatest running sum: of reports that are changes
  counter,          ///< no reports: a number of the run's summary
};

/// Of an observer, not of what agents have reported.
struct ObservedColumn {
  std::string observer;       ///< empty: of reports
  std::string column = "sum"; ///< of the table of observations

  friend bool operator==(const ObservedColumn&, const ObservedColumn&) = default;
};

struct Outcome {
  std::string name;
  std::string topic; ///< that agents report; or the name in the summary
  OutcomeRule rule = OutcomeRule::last;
  ObservedColumn observed{};

  [[nodiscard]] bool is_observed() const { return !observed.observer.empty(); }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// How what agents have reported becomes a number at each time.
enum class SeriesRule : std::uint8_t { running_sum, count, sum, mean, least, greatest, median };

/// A number at the times 0, every, 2 every, ... up to `until`: the latest there is then.
struct SeriesPlan {
  std::string name;
  std::string topic;
  SeriesRule rule = SeriesRule::running_sum; ///< of reports
  double every_s = 1;
  double until_s = 0;
  ObservedColumn observed{};

  [[nodiscard]] bool is_observed() const { return !observed.observer.empty(); }

  [[nodiscard]] std::size_t size() const;
  friend bool operator==(const SeriesPlan&, const SeriesPlan&) = default;
};

/// All of an experiment but the program: a plain value.
struct ExperimentPlan {
  std::vector<Parameter> parameters;
  Design design = Design::grid;
  std::vector<std::vector<std::string>> points; ///< each has a value for each parameter
  std::uint32_t replications = 1;
  std::uint64_t seed = 1;
  bool has_common_random_numbers = false;
  std::uint32_t nodes = 1;
  std::uint32_t workers = 0; ///< of each node; 0: serial
  std::optional<double> timeout_s;
  double confidence = 0.95;
  std::vector<Outcome> outcomes;
  std::vector<SeriesPlan> series;

  [[nodiscard]] std::size_t runs() const { return points.size() * replications; }
  friend bool operator==(const ExperimentPlan&, const ExperimentPlan&) = default;
};

inline constexpr std::size_t runs_max = 1'000'000;

/// Runs are counted from 0, all replications of the first point first.
struct RunOfPlan {
  std::size_t point = 0;
  std::uint32_t replication = 0;
  std::uint64_t seed = 0;
};

/// The runs of a plan in their order, with their seeds: numbers below 2^53 of a stream that begins
/// with the plan's seed. With common random numbers, equal replications of all points have the same
/// one; else each run has its own.
[[nodiscard]] std::vector<RunOfPlan> runs_of(const ExperimentPlan& plan);

/// The numbers of a summary that an outcome may be.
[[nodiscard]] const std::vector<std::string>& summary_counters();

[[nodiscard]] std::string_view to_string(Design design);
[[nodiscard]] std::string_view to_string(OutcomeRule rule);
[[nodiscard]] std::string_view to_string(SeriesRule rule);

/// Whether something is measured of what agents report, and of what observers see.
[[nodiscard]] bool needs_reports(const ExperimentPlan& plan);
[[nodiscard]] bool needs_observations(const ExperimentPlan& plan);

/// All that decides about the runs and their table as a text; equal plans have equal ones.
[[nodiscard]] std::string to_string(const ExperimentPlan& plan);

} // namespace stos::program

#include "programs/stos/experiment/plan.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace stos::program {
namespace {

std::string text_of(const ObservedColumn& observed) {
  return observed.observer.empty()
             ? ""
             : "," + csv_field(observed.observer) + ',' + csv_field(observed.column);
}

} // namespace

std::size_t SeriesPlan::size() const {
  constexpr double slack = 1e-9; // 0.3 / 0.1 is below 3
  return static_cast<std::size_t>(std::floor(until_s / every_s + slack)) + 1;
}

std::vector<RunOfPlan> runs_of(const ExperimentPlan& plan) {
  constexpr int unused_bits = 11; // what is left is exact in other programs, too
  std::vector<RunOfPlan> runs;
  RandomStream stream(plan.seed);
  for (std::size_t point = 0; point < plan.points.size(); ++point) {
    if (plan.has_common_random_numbers)
      stream = RandomStream(plan.seed);
    for (std::uint32_t replication = 0; replication < plan.replications; ++replication)
      runs.push_back({point, replication, stream() >> unused_bits});
  }
  return runs;
}

const std::vector<std::string>& summary_counters() {
  static const std::vector<std::string> names = {
      "events", "last_event_time", "agents_born", "agents_died",
      "sent",   "in_flight",       "dropped",     "reports"};
  return names;
}

std::string_view to_string(Design design) {
  switch (design) {
    case Design::grid: return "grid";
    case Design::list: return "list";
    case Design::uniform: return "uniform";
    case Design::latin_hypercube: break;
  }
  return "latin_hypercube";
}

std::string_view to_string(OutcomeRule rule) {
  switch (rule) {
    case OutcomeRule::count: return "count";
    case OutcomeRule::sum: return "sum";
    case OutcomeRule::mean: return "mean";
    case OutcomeRule::least: return "least";
    case OutcomeRule::greatest: return "greatest";
    case OutcomeRule::first: return "first";
    case OutcomeRule::last: return "last";
    case OutcomeRule::time_of_least: return "time_of_least";
    case OutcomeRule::time_of_greatest: return "time_of_greatest";
    case OutcomeRule::peak: return "peak";
    case OutcomeRule::counter: break;
  }
  return "counter";
}

std::string_view to_string(SeriesRule rule) {
  switch (rule) {
    case SeriesRule::running_sum: return "running_sum";
    case SeriesRule::count: return "count";
    case SeriesRule::sum: return "sum";
    case SeriesRule::mean: return "mean";
    case SeriesRule::least: return "least";
    case SeriesRule::greatest: return "greatest";
    case SeriesRule::median: break;
  }
  return "median";
}

bool needs_reports(const ExperimentPlan& plan) {
  const auto of_reports = [](const auto& each) { return !each.is_observed(); };
  return std::ranges::any_of(plan.series, of_reports) ||
         std::ranges::any_of(plan.outcomes, [&](const Outcome& each) {
           return each.rule != OutcomeRule::counter && of_reports(each);
         });
}

bool needs_observations(const ExperimentPlan& plan) {
  return std::ranges::any_of(plan.series, &SeriesPlan::is_observed) ||
         std::ranges::any_of(plan.outcomes, &Outcome::is_observed);
}

std::string to_string(const ExperimentPlan& plan) {
  std::string text = "parameters";
  for (const Parameter& parameter : plan.parameters)
    text += ',' + csv_field(parameter.name);
  for (const auto& point : plan.points) {
    text += "\npoint";
    for (const std::string& value : point)
      text += ',' + csv_field(value);
  }
  text += "\nreplications " + exact_text(plan.replications) + " seed " + exact_text(plan.seed) +
          (plan.has_common_random_numbers ? " common" : "") + " nodes " + exact_text(plan.nodes) +
          " workers " + exact_text(plan.workers);
  for (const Outcome& each : plan.outcomes)
    text += "\noutcome," + csv_field(each.name) + ',' + csv_field(each.topic) + ',' +
            std::string(to_string(each.rule)) + text_of(each.observed);
  for (const SeriesPlan& each : plan.series)
    text += "\nseries," + csv_field(each.name) + ',' + csv_field(each.topic) + ',' +
            std::string(to_string(each.rule)) + ',' + exact_text(each.every_s) + ',' +
            exact_text(each.until_s) + text_of(each.observed);
  return text + '\n';
}

} // namespace stos::program

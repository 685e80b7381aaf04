#include "programs/stos/experiment/tables.hpp"

#include "libstos/base/csv.hpp"
#include "libstos/base/exact_text.hpp"

#include <optional>

namespace stos::program {
namespace {

/// A line of a table, field by field.
class Line {
public:
  void add(std::string_view text) {
    text_ += (is_empty_ ? "" : ",") + csv_field(text);
    is_empty_ = false;
  }
  void add(const std::optional<double>& number) {
    add(number ? std::string_view(exact_text(*number)) : std::string_view());
  }
  void add(double number) { add(std::string_view(exact_text(number))); }
  void add(std::size_t number) { add(std::string_view(exact_text(number))); }

  std::string take() { return text_ + '\n'; }

private:
  std::string text_;
  bool is_empty_ = true;
};

void add_names(const ExperimentPlan& plan, Line& line) {
  for (const Parameter& parameter : plan.parameters)
    line.add(parameter.name);
}

void add_point(const ExperimentPlan& plan, std::size_t point, Line& line) {
  line.add(point + 1);
  for (const std::string& value : plan.points[point])
    line.add(value);
}

void add_estimate(const Estimate& estimate, bool with_deviation, Line& line) {
  const bool is_there = estimate.count > 0;
  line.add(estimate.count);
  line.add(is_there ? std::optional(estimate.mean) : std::nullopt);
  if (with_deviation)
    line.add(estimate.deviation);
  line.add(estimate.half ? std::optional(estimate.low()) : std::nullopt);
  line.add(estimate.half ? std::optional(estimate.high()) : std::nullopt);
}

} // namespace

std::vector<PointEstimates> estimates(const ExperimentPlan& plan, const Results& results) {
  std::vector<PointEstimates> points(plan.points.size());
  std::vector<double> values;
  const auto estimate_of = [&](std::size_t point, auto&& value_of) {
    values.clear();
    const std::size_t first = point * plan.replications;
    const auto end = results.lower_bound(first + plan.replications);
    for (auto each = results.lower_bound(first); each != end; ++each)
      if (each->second.failure.empty())
        if (const std::optional<double> value = value_of(each->second))
          values.push_back(*value);
    return estimate(values, plan.confidence);
  };
  for (std::size_t point = 0; point < points.size(); ++point) {
    for (std::size_t i = 0; i < plan.outcomes.size(); ++i)
      points[point].outcomes.push_back(
          estimate_of(point, [i](const RunResult& run) { return run.outcomes[i]; }));
    for (std::size_t i = 0; i < plan.series.size(); ++i) {
      auto& at_times = points[point].series.emplace_back();
      for (std::size_t t = 0; t < plan.series[i].size(); ++t)
        at_times.push_back(estimate_of(
            point, [i, t](const RunResult& run) { return std::optional(run.series[i][t]); }));
    }
  }
  return points;
}

std::string table_of_runs(const ExperimentPlan& plan, const Results& results) {
  Line header;
  for (const char* const name : {"run", "point"})
    header.add(std::string_view(name));
  add_names(plan, header);
  for (const char* const name :
       {"replication", "seed", "status", "exit_code", "digest", "value_digest"})
    header.add(std::string_view(name));
  for (const std::string& name : summary_counters())
    header.add(name);
  for (const Outcome& outcome : plan.outcomes)
    if (outcome.rule != OutcomeRule::counter || outcome.name != outcome.topic)
      header.add(outcome.name);
  header.add(std::string_view("reason"));
  std::string text = header.take();

  const std::vector<RunOfPlan> runs = runs_of(plan);
  for (const auto& [index, result] : results) {
    Line line;
    line.add(index + 1);
    add_point(plan, runs[index].point, line);
    line.add(std::size_t{runs[index].replication} + 1);
    line.add(std::size_t{runs[index].seed});
    line.add(std::string_view(result.failure.empty() ? "ok" : "failed"));
    line.add(std::string_view(exact_text(result.exit_code)));
    line.add(result.digest);
    line.add(result.value_digest);
    for (std::size_t i = 0; i < summary_counters().size(); ++i)
      line.add(i < result.counters.size() ? std::string_view(result.counters[i])
                                          : std::string_view());
    for (std::size_t i = 0; i < plan.outcomes.size(); ++i)
      if (plan.outcomes[i].rule != OutcomeRule::counter ||
          plan.outcomes[i].name != plan.outcomes[i].topic)
        line.add(i < result.outcomes.size() ? result.outcomes[i] : std::nullopt);
    line.add(result.failure);
    text += line.take();
  }
  return text;
}

std::string table_of_points(const ExperimentPlan& plan, const std::vector<PointEstimates>& points) {
  Line header;
  header.add(std::string_view("point"));
  add_names(plan, header);
  for (const char* const name : {"outcome", "runs", "mean", "deviation", "low", "high"})
    header.add(std::string_view(name));
  std::string text = header.take();
  for (std::size_t point = 0; point < points.size(); ++point)
    for (std::size_t i = 0; i < plan.outcomes.size(); ++i) {
      Line line;
      add_point(plan, point, line);
      line.add(plan.outcomes[i].name);
      add_estimate(points[point].outcomes[i], true, line);
      text += line.take();
    }
  return text;
}

std::string table_of_series(const ExperimentPlan& plan, const std::vector<PointEstimates>& points) {
  Line header;
  header.add(std::string_view("point"));
  add_names(plan, header);
  for (const char* const name : {"series", "time", "runs", "mean", "low", "high"})
    header.add(std::string_view(name));
  std::string text = header.take();
  for (std::size_t point = 0; point < points.size(); ++point)
    for (std::size_t i = 0; i < plan.series.size(); ++i)
      for (std::size_t t = 0; t < points[point].series[i].size(); ++t) {
        Line line;
        add_point(plan, point, line);
        line.add(plan.series[i].name);
        line.add(static_cast<double>(t) * plan.series[i].every_s);
        add_estimate(points[point].series[i][t], false, line);
        text += line.take();
      }
  return text;
}

std::string table_of_plan(const ExperimentPlan& plan) {
  Line header;
  for (const char* const name : {"run", "point"})
    header.add(std::string_view(name));
  add_names(plan, header);
  for (const char* const name : {"replication", "seed"})
    header.add(std::string_view(name));
  std::string text = header.take();
  std::size_t index = 0;
  for (const RunOfPlan& run : runs_of(plan)) {
    Line line;
    line.add(++index);
    add_point(plan, run.point, line);
    line.add(std::size_t{run.replication} + 1);
    line.add(std::size_t{run.seed});
    text += line.take();
  }
  return text;
}

} // namespace stos::program

#include "programs/stos/experiment/pictures.hpp"

#include "config/values.hpp"
#include "libstos/base/exact_text.hpp"
#include "programs/stos/chart.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace stos::program {
namespace {

constexpr std::size_t curves_max = 8;

/// A bare number, or a time in seconds.
std::optional<double> number_of(const std::string& text) {
  constexpr double most = 1e300;
  if (const Result<double> number = detail::parse_number(text, -most, most))
    return *number;
  if (const Result<double> time_s = detail::parse_duration_s(text, detail::BareNumber::refused))
    return *time_s;
  return std::nullopt;
}

/// The parameters that have more than one value.
std::vector<bool> varied_of(const ExperimentPlan& plan) {
  std::vector<bool> varied;
  for (std::size_t i = 0; i < plan.parameters.size(); ++i)
    varied.push_back(std::ranges::any_of(
        plan.points, [&](const auto& point) { return point[i] != plan.points.front()[i]; }));
  return varied;
}

bool has_numbers(const ExperimentPlan& plan, std::size_t parameter) {
  return std::ranges::all_of(
      plan.points, [&](const auto& point) { return number_of(point[parameter]).has_value(); });
}

std::string shown_name(const Parameter& parameter) {
  return parameter.name.substr(
      std::min(parameter.name.find_first_not_of('-'), parameter.name.size()));
}

/// "clerks 3, service 1": the varied parameters of a point but for one of them.
std::string name_of(const ExperimentPlan& plan, const std::vector<bool>& varied, std::size_t point,
                    std::optional<std::size_t> but = std::nullopt) {
  std::string name;
  for (std::size_t i = 0; i < plan.parameters.size(); ++i)
    if (i != but && varied[i])
      name +=
          (name.empty() ? "" : ", ") + shown_name(plan.parameters[i]) + " " + plan.points[point][i];
  return name;
}

ChartPoint chart_point(double x, const Estimate& estimate) {
  ChartPoint point{x, estimate.mean, std::nullopt, std::nullopt};
  if (estimate.half) {
    point.low = estimate.low();
    point.high = estimate.high();
  }
  return point;
}

void limit_curves(Chart& chart) {
  if (chart.curves.size() <= curves_max)
    return;
  chart.note += (chart.note.empty() ? "" : " ") + std::string("The first ") +
                std::to_string(curves_max) + " of " + std::to_string(chart.curves.size()) +
                " curves.";
  chart.curves.resize(curves_max);
}

std::string note_of(const ExperimentPlan& plan) {
  return plan.replications < 2 ? ""
                               : "Means of " + std::to_string(plan.replications) +
                                     " replications, with intervals of " +
                                     short_text(100 * plan.confidence) + " % confidence.";
}

Chart chart_over(const ExperimentPlan& plan, const std::vector<bool>& varied,
                 const std::vector<PointEstimates>& points, std::size_t outcome,
                 std::size_t parameter) {
  const bool is_random = plan.design == Design::uniform || plan.design == Design::latin_hypercube;
  Chart chart;
  chart.x_name = shown_name(plan.parameters[parameter]);
  chart.y_name = plan.outcomes[outcome].name;
  chart.title = chart.y_name + " over " + chart.x_name;
  chart.has_lines = !is_random;
  std::map<std::string, std::size_t> curves;
  chart.note = note_of(plan);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Estimate& estimate = points[i].outcomes[outcome];
    if (estimate.count == 0)
      continue;
    const std::string name = is_random ? "" : name_of(plan, varied, i, parameter);
    const auto [curve, is_new] = curves.emplace(name, chart.curves.size());
    if (is_new)
      chart.curves.push_back({name, {}});
    chart.curves[curve->second].points.push_back(
        chart_point(*number_of(plan.points[i][parameter]), estimate));
  }
  for (Curve& curve : chart.curves)
    std::ranges::stable_sort(curve.points, {}, &ChartPoint::x);
  limit_curves(chart);
  return chart;
}

Chart chart_of_series(const ExperimentPlan& plan, const std::vector<bool>& varied,
                      const std::vector<PointEstimates>& points, std::size_t series) {
  const SeriesPlan& measured = plan.series[series];
  Chart chart;
  chart.x_name = "time in s";
  chart.y_name = measured.name;
  chart.title = measured.name + " over time";
  chart.has_dots = false;
  chart.note = note_of(plan);
  for (std::size_t i = 0; i < points.size(); ++i) {
    Curve curve{name_of(plan, varied, i), {}};
    const auto& at_times = points[i].series[series];
    for (std::size_t t = 0; t < at_times.size(); ++t)
      if (at_times[t].count > 0)
        curve.points.push_back(chart_point(static_cast<double>(t) * measured.every_s, at_times[t]));
    if (!curve.points.empty())
      chart.curves.push_back(std::move(curve));
  }
  limit_curves(chart);
  return chart;
}

/// Names of files, each once.
class FileNames {
public:
  std::string take(std::string name) {
    for (char& c : name)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '_'))
        c = '_';
    constexpr std::size_t most = 120;
    name = name.substr(0, most);
    std::string unique = name;
    for (int i = 2; !taken_.insert(unique).second; ++i)
      unique = name + "-" + std::to_string(i);
    return unique + ".svg";
  }

private:
  std::set<std::string> taken_;
};

} // namespace

std::vector<PictureFile> pictures_of(const ExperimentPlan& plan,
                                     const std::vector<PointEstimates>& points) {
  std::vector<PictureFile> files;
  FileNames names;
  const std::vector<bool> varied = varied_of(plan);
  for (std::size_t parameter = 0; parameter < plan.parameters.size(); ++parameter)
    if (varied[parameter] && has_numbers(plan, parameter))
      for (std::size_t i = 0; i < plan.outcomes.size(); ++i)
        files.push_back(
            {names.take(plan.outcomes[i].name + "-over-" + shown_name(plan.parameters[parameter])),
             draw(chart_over(plan, varied, points, i, parameter))});
  for (std::size_t i = 0; i < plan.series.size(); ++i)
    files.push_back({names.take(plan.series[i].name + "-over-time"),
                     draw(chart_of_series(plan, varied, points, i))});
  return files;
}

} // namespace stos::program

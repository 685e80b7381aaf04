#include "programs/stos/experiment/outcomes.hpp"

#include "config/spelling.hpp"
#include "config/yaml_tree.hpp"
#include "libstos/base/csv.hpp"
#include "libstos/model/series.hpp"
#include "programs/stos/experiment/observed_table.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace stos::program {
namespace {

std::optional<double> number_of(std::string_view text) {
  if (text == "true" || text == "false")
    return text == "true" ? 1 : 0;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, number);
  if (text.empty() || rest != end || status != std::errc{})
    return std::nullopt;
  return number;
}

/// All reports on one topic.
struct Reported {
  Series samples;
  std::string no_number; ///< a value that is none, if there is one; it counts as 0
};

using Topics = std::map<std::string, Reported, std::less<>>;

bool is_wanted(const ExperimentPlan& plan, const std::string& topic) {
  const auto reports = [&](const auto& each) { return !each.is_observed() && each.topic == topic; };
  return std::ranges::any_of(plan.series, reports) ||
         std::ranges::any_of(plan.outcomes, [&](const Outcome& each) {
           return each.rule != OutcomeRule::counter && reports(each);
         });
}

Result<Topics> read_table(const ExperimentPlan& plan, std::string_view table) {
  const Error none{Errc::bad_message, "its table of reports is none"};
  constexpr std::string_view header = "time,agent,topic,value\n";
  if (!table.starts_with(header))
    return none;
  table.remove_prefix(header.size());
  Topics topics;
  while (!table.empty()) {
    constexpr std::size_t columns = 4;
    const std::vector<std::string> fields = take_csv_line(table);
    const std::optional<double> time =
        fields.size() == columns ? number_of(fields[0]) : std::nullopt;
    if (!time)
      return none;
    if (!is_wanted(plan, fields[2]))
      continue;
    Reported& reported = topics[fields[2]];
    const std::optional<double> value = number_of(fields[3]);
    if (!value && reported.no_number.empty())
      reported.no_number = fields[3];
    reported.samples.push_back({*time, value.value_or(0)});
  }
  return topics;
}

double sum_of(const Series& samples) {
  double sum = 0;
  for (const Sample& sample : samples)
    sum += sample.value;
  return sum;
}

/// @pre there are samples
double reduced(OutcomeRule rule, const Series& samples) {
  switch (rule) {
    case OutcomeRule::mean: return sum_of(samples) / static_cast<double>(samples.size());
    case OutcomeRule::least: return std::ranges::min(samples, {}, &Sample::value).value;
    case OutcomeRule::greatest: return std::ranges::max(samples, {}, &Sample::value).value;
    case OutcomeRule::time_of_least: return std::ranges::min(samples, {}, &Sample::value).time;
    case OutcomeRule::time_of_greatest: return std::ranges::max(samples, {}, &Sample::value).time;
    case OutcomeRule::first: return samples.front().value;
    case OutcomeRule::last: return samples.back().value;
    case OutcomeRule::peak: return std::ranges::max(running_sum(samples), {}, &Sample::value).value;
    case OutcomeRule::count: return static_cast<double>(samples.size());
    case OutcomeRule::sum:
    case OutcomeRule::counter: break;
  }
  return sum_of(samples);
}

std::optional<double> outcome_of(OutcomeRule rule, const Series& samples) {
  if (samples.empty() && rule != OutcomeRule::count && rule != OutcomeRule::sum)
    return std::nullopt;
  return reduced(rule, samples);
}

Series series_of(SeriesRule rule, const Series& samples) {
  switch (rule) {
    case SeriesRule::running_sum: break;
    case SeriesRule::count: return over_agents(samples, Reduction::count);
    case SeriesRule::sum: return over_agents(samples, Reduction::sum);
    case SeriesRule::mean: return over_agents(samples, Reduction::mean);
    case SeriesRule::least: return over_agents(samples, Reduction::least);
    case SeriesRule::greatest: return over_agents(samples, Reduction::greatest);
    case SeriesRule::median: return over_agents(samples, Reduction::median);
  }
  return running_sum(samples);
}

const Reported& reported_on(const Topics& topics, const std::string& topic) {
  static const Reported nothing;
  const auto found = topics.find(topic);
  return found != topics.end() ? found->second : nothing;
}

Result<void> require_numbers(const std::string& topic, const Reported& reported) {
  if (reported.no_number.empty())
    return {};
  return Error{Errc::bad_message, "a report on \"" + topic + "\" is no number, but " +
                                      detail::quote(reported.no_number) +
                                      "; of such reports there is only a count"};
}

// What an outcome or a series is made of: reports or observations.
template <class Plan>
Result<Series> samples_of(const Plan& one, const Topics& topics, const ObservedTable& seen,
                          bool counts_only) {
  if (one.is_observed())
    return seen.series_of(one.observed.observer, one.observed.column);
  const Reported& reported = reported_on(topics, one.topic);
  if (!counts_only)
    if (const Result<void> done = require_numbers(one.topic, reported); !done)
      return done.error();
  return reported.samples;
}

} // namespace

Result<void> read_summary(const std::string& name, const std::string& text, RunResult& result) {
  const Result<YamlTree> tree = parse_yaml_tree(name, text, "summary");
  if (!tree)
    return Error{Errc::bad_message, tree.error().context};
  const auto member = [&](const std::string& key, std::string& value) -> Result<void> {
    const YamlTree* const found = tree->find(key);
    if (found == nullptr || found->kind != YamlTree::Kind::text)
      return Error{Errc::bad_message, name + ": is no summary of a run: it has no " + key};
    value = found->text;
    return {};
  };
  if (const YamlTree* const error = tree->find("error"))
    if (const YamlTree* const words = error->find("text"))
      result.failure = words->text;
  result.counters.resize(summary_counters().size());
  for (std::size_t i = 0; i < result.counters.size(); ++i)
    if (Result<void> done = member(summary_counters()[i], result.counters[i]); !done)
      return done;
  if (Result<void> done = member("digest", result.digest); !done)
    return done;
  return member("value_digest", result.value_digest);
}

Result<void> add_outcomes(const ExperimentPlan& plan, const RunTables& tables, RunResult& result) {
  const Result<Topics> topics =
      needs_reports(plan) ? read_table(plan, tables.reports) : Result<Topics>(Topics{});
  if (!topics)
    return topics.error();
  const Result<ObservedTable> seen = needs_observations(plan)
                                         ? ObservedTable::read(tables.observations)
                                         : Result<ObservedTable>(ObservedTable{});
  if (!seen)
    return seen.error();
  for (const Outcome& outcome : plan.outcomes) {
    if (outcome.rule == OutcomeRule::counter) {
      const auto& names = summary_counters();
      const auto index = std::ranges::find(names, outcome.topic) - names.begin();
      result.outcomes.push_back(number_of(result.counters[static_cast<std::size_t>(index)]));
      continue;
    }
    const Result<Series> samples =
        samples_of(outcome, *topics, *seen, outcome.rule == OutcomeRule::count);
    if (!samples)
      return samples.error();
    result.outcomes.push_back(outcome_of(outcome.rule, *samples));
  }
  for (const SeriesPlan& series : plan.series) {
    const Result<Series> samples =
        samples_of(series, *topics, *seen, series.rule == SeriesRule::count);
    if (!samples)
      return samples.error();
    const Series over_time = series.is_observed() ? *samples : series_of(series.rule, *samples);
    std::vector<double>& values = result.series.emplace_back();
    for (const Sample& sample : at_times(over_time, 0, series.every_s, series.size()))
      values.push_back(sample.value);
  }
  return {};
}

} // namespace stos::program

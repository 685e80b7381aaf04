#include "programs/stos/experiment/plan_reader.hpp"

#include "config/keys.hpp"
#include "config/spelling.hpp"
#include "config/values.hpp"
#include "programs/stos/experiment/design.hpp"
#include "programs/stos/launch_options.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace stos::program {
namespace {

using Kind = YamlTree::Kind;

constexpr std::array designs = {Design::grid, Design::list, Design::uniform,
                                Design::latin_hypercube};
constexpr std::array outcome_rules = {
    OutcomeRule::count, OutcomeRule::sum,           OutcomeRule::mean,
    OutcomeRule::least, OutcomeRule::greatest,      OutcomeRule::first,
    OutcomeRule::last,  OutcomeRule::time_of_least, OutcomeRule::time_of_greatest,
    OutcomeRule::peak,  OutcomeRule::counter};
constexpr std::array observed_rules = {
    OutcomeRule::count, OutcomeRule::sum,           OutcomeRule::mean,
    OutcomeRule::least, OutcomeRule::greatest,      OutcomeRule::first,
    OutcomeRule::last,  OutcomeRule::time_of_least, OutcomeRule::time_of_greatest};
constexpr std::array series_rules = {
    SeriesRule::running_sum, SeriesRule::count,    SeriesRule::sum,   SeriesRule::mean,
    SeriesRule::least,       SeriesRule::greatest, SeriesRule::median};
constexpr std::size_t series_times_max = 100'000;

std::string seen(const YamlTree& value) {
  switch (value.kind) {
    case Kind::nothing: return "nothing";
    case Kind::text: return detail::quote(value.text);
    case Kind::list: return "a list";
    case Kind::map: break;
  }
  return "names with values";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Reads one description. Each function sets a part of the plan.
class PlanReader {
public:
  explicit PlanReader(const std::string& file) : file_(file) {}

  Result<ExperimentPlan> read(const YamlTree& tree);

private:
  using Done = Result<void>;
  using Names = std::vector<std::string>;

  Error fail(int line, const std::string& text) const {
    return {Errc::bad_config, file_ + ":" + std::to_string(line) + ": " + text};
  }
  Error wanted(const YamlTree& value, const std::string& name, const std::string& allowed) const {
    return fail(value.line, name + ": got " + seen(value) + "; allowed: " + allowed);
  }

  Done check_names(const YamlTree& map, const std::string& of, const Names& known) const;
  template <class T>
  Done read_number(const YamlTree& map, const std::string& name, T min, T max, T& number) const;
  Done read_flag(const YamlTree& map, const std::string& name, bool& flag) const;
  Done read_duration(const YamlTree& map, const std::string& name, double min_s, double max_s,
                     double& duration_s) const;
  template <class Rule, std::size_t N>
  Done read_rule(const YamlTree& value, const std::string& name, const std::array<Rule, N>& rules,
                 Rule& rule) const;

  Done read_design(const YamlTree& tree);
  Done read_parameters(const YamlTree& parameters);
  Done check_parameter(int line, const std::string& name) const;
  Done check_value(int line, const std::string& name, const YamlTree& value) const;
  Done read_values(const YamlTree& value, Parameter& parameter);
  Done read_interval(const YamlTree& value, Parameter& parameter);
  Done read_listed_points(const YamlTree& points);
  Done make_points(const YamlTree& tree);
  Done read_runs(const YamlTree& tree);
  Done read_outcomes(const YamlTree& outcomes);
  Done read_outcome(const YamlTree& value, Outcome& outcome) const;
  Done check_topic(int line, const Outcome& outcome) const;
  Done read_observed(const YamlTree& value, const std::string& name,
                     ObservedColumn& observed) const;
  Done read_series(const YamlTree& series);
  Done read_one_series(const YamlTree& value, SeriesPlan& series) const;

  [[nodiscard]] bool is_random() const {
    return plan_.design == Design::uniform || plan_.design == Design::latin_hypercube;
  }

  const std::string& file_;
  ExperimentPlan plan_;
};

Result<void> PlanReader::check_names(const YamlTree& map, const std::string& of,
                                     const Names& known) const {
  if (map.kind != Kind::map)
    return fail(map.line,
                of + ": got " + seen(map) + "; wanted: names with values; known: " + joined(known));
  for (const YamlTree::Entry& entry : map.entries)
    if (std::ranges::count(known, entry.name) == 0)
      return fail(entry.line, of + ": unknown name " + detail::quote(entry.name) +
                                  detail::spelling_hint(entry.name, known));
  return {};
}

template <class T>
Result<void> PlanReader::read_number(const YamlTree& map, const std::string& name, T min, T max,
                                     T& number) const {
  const YamlTree* const value = map.find(name);
  if (value == nullptr)
    return {};
  const Result<T> read = detail::parse_number<T>(value->text, min, max);
  if (value->kind != Kind::text || !read)
    return wanted(*value, name,
                  (std::integral<T> ? "a whole number from " : "a number from ") + exact_text(min) +
                      " to " + exact_text(max));
  number = *read;
  return {};
}

Result<void> PlanReader::read_flag(const YamlTree& map, const std::string& name, bool& flag) const {
  const YamlTree* const value = map.find(name);
  if (value == nullptr)
    return {};
  const Result<bool> read = detail::parse_flag(value->text);
  if (value->kind != Kind::text || !read)
    return wanted(*value, name, "true or false");
  flag = *read;
  return {};
}

Result<void> PlanReader::read_duration(const YamlTree& map, const std::string& name, double min_s,
                                       double max_s, double& duration_s) const {
  const YamlTree* const value = map.find(name);
  if (value == nullptr)
    return {};
  const Result<double> read = detail::parse_duration_s(value->text, detail::BareNumber::refused);
  if (value->kind != Kind::text || !read || !(*read >= min_s && *read <= max_s))
    return wanted(*value, name,
                  "a time (" + std::string(detail::duration_units) + ") from " + exact_text(min_s) +
                      " s to " + exact_text(max_s) + " s");
  duration_s = *read;
  return {};
}

template <class Rule, std::size_t N>
Result<void> PlanReader::read_rule(const YamlTree& value, const std::string& name,
                                   const std::array<Rule, N>& rules, Rule& rule) const {
  Names known;
  for (const Rule each : rules)
    known.emplace_back(to_string(each));
  const auto found = std::ranges::find(known, value.text);
  if (value.kind != Kind::text || found == known.end())
    return wanted(value, name, joined(known));
  rule = rules[static_cast<std::size_t>(found - known.begin())];
  return {};
}

Result<ExperimentPlan> PlanReader::read(const YamlTree& tree) {
  if (Done done = check_names(tree, "experiment",
                              {"parameters", "design", "points", "replications", "seed",
                               "common_random_numbers", "workers", "nodes", "timeout", "confidence",
                               "outcomes", "series"});
      !done)
    return done.error();
  for (const auto read_part :
       {&PlanReader::read_design, &PlanReader::read_runs, &PlanReader::make_points})
    if (Done done = (this->*read_part)(tree); !done)
      return done.error();
  if (const YamlTree* const outcomes = tree.find("outcomes"))
    if (Done done = read_outcomes(*outcomes); !done)
      return done.error();
  if (const YamlTree* const series = tree.find("series"))
    if (Done done = read_series(*series); !done)
      return done.error();
  if (plan_.points.size() > runs_max / plan_.replications)
    return fail(tree.line, std::to_string(plan_.points.size()) + " points with " +
                               std::to_string(plan_.replications) +
                               " replications each are more than " + std::to_string(runs_max) +
                               " runs");
  return std::move(plan_);
}

Result<void> PlanReader::read_design(const YamlTree& tree) {
  if (const YamlTree* const design = tree.find("design"))
    return read_rule(*design, "design", designs, plan_.design);
  return {};
}

Result<void> PlanReader::read_runs(const YamlTree& tree) {
  if (Done done = read_number<std::uint32_t>(tree, "replications", 1, runs_max, plan_.replications);
      !done)
    return done;
  if (Done done = read_number<std::uint64_t>(tree, "seed", 0,
                                             std::numeric_limits<std::uint64_t>::max(), plan_.seed);
      !done)
    return done;
  if (Done done = read_flag(tree, "common_random_numbers", plan_.has_common_random_numbers); !done)
    return done;
  if (Done done = read_number<std::uint32_t>(tree, "nodes", 1, launched_nodes_max, plan_.nodes);
      !done)
    return done;
  plan_.workers = plan_.nodes > 1 ? 1 : 0;
  if (Done done = read_number<std::uint32_t>(tree, "workers", plan_.workers, 1024, plan_.workers);
      !done)
    return done;
  double timeout_s = 0;
  if (Done done = read_duration(tree, "timeout", 0.001, 1e9, timeout_s); !done)
    return done;
  if (timeout_s > 0)
    plan_.timeout_s = timeout_s;
  return read_number(tree, "confidence", 0.5, 0.9999, plan_.confidence);
}

// ---- parameters and points ----------------------------------------------------------------------

Result<void> PlanReader::check_parameter(int line, const std::string& name) const {
  constexpr std::string_view ours[] = {"--seed", "--json", "--serial", "--workers", "--nodes"};
  if (name.starts_with("--") && name.size() > 2) {
    if (std::ranges::count(ours, name) > 0)
      return fail(line, "parameters: " + name +
                            " is no parameter: the description has seed, "
                            "replications, workers and nodes for that");
    return {};
  }
  Names known;
  for (const detail::ConfigKey& key : detail::config_keys())
    if (!key.path.starts_with("output.") && !key.path.starts_with("distributed") &&
        !key.path.starts_with("cluster.n") && key.path != "simulation.seed" &&
        key.path != "engine.serial" && key.path != "engine.workers")
      known.push_back(key.path);
  if (std::ranges::count(known, name) > 0)
    return {};
  return fail(line, "parameters: " + detail::quote(name) +
                        " is neither an option of the program, as in --agents, nor a key of the "
                        "configuration that an experiment may set" +
                        detail::spelling_hint(name, known));
}

Result<void> PlanReader::check_value(int line, const std::string& name,
                                     const YamlTree& value) const {
  if (value.kind != Kind::text)
    return wanted(value, name, "one value in each place");
  const auto key = std::ranges::find(detail::config_keys(), name, &detail::ConfigKey::path);
  if (key == detail::config_keys().end())
    return {};
  RunOptions options;
  const detail::RawValue raw{.text = value.text};
  if (Done done = key->type.set(options, raw); !done)
    return fail(line, name + ": " + done.error().context);
  return {};
}

Result<void> PlanReader::read_parameters(const YamlTree& parameters) {
  if (parameters.kind != Kind::map || parameters.entries.empty())
    return wanted(parameters, "parameters", "names with values, as in `--agents: [100, 200]`");
  for (const YamlTree::Entry& entry : parameters.entries) {
    if (Done done = check_parameter(entry.line, entry.name); !done)
      return done;
    Parameter parameter;
    parameter.name = entry.name;
    if (Done done = entry.value.kind == Kind::map ? read_interval(entry.value, parameter)
                                                  : read_values(entry.value, parameter);
        !done)
      return done;
    plan_.parameters.push_back(std::move(parameter));
  }
  return {};
}

Result<void> PlanReader::read_values(const YamlTree& value, Parameter& parameter) {
  const std::vector<YamlTree> one = {value};
  const std::vector<YamlTree>& items = value.kind == Kind::list ? value.items : one;
  if (items.empty())
    return fail(value.line, parameter.name + ": the list is empty; wanted: at least one value");
  for (const YamlTree& item : items) {
    if (Done done = check_value(item.line, parameter.name, item); !done)
      return done;
    if (std::ranges::count(parameter.values, item.text) > 0)
      return fail(item.line, parameter.name + ": " + detail::quote(item.text) + " is given twice");
    parameter.values.push_back(item.text);
  }
  return {};
}

Result<void> PlanReader::read_interval(const YamlTree& value, Parameter& parameter) {
  constexpr double most = 1e15;
  Parameter::Interval& interval = parameter.interval;
  if (Done done =
          check_names(value, parameter.name, {"from", "to", "steps", "whole", "logarithmic"});
      !done)
    return done;
  for (const char* const end : {"from", "to"})
    if (value.find(end) == nullptr)
      return fail(value.line,
                  parameter.name + ": " + end + " is missing; wanted: {from: 1, to: 2}");
  if (Done done = read_number(value, "from", -most, most, interval.low); !done)
    return done;
  if (Done done = read_number(value, "to", -most, most, interval.high); !done)
    return done;
  if (Done done = read_flag(value, "whole", interval.is_whole); !done)
    return done;
  if (Done done = read_flag(value, "logarithmic", interval.is_logarithmic); !done)
    return done;
  if (!(interval.low < interval.high))
    return fail(value.line, parameter.name + ": `from` is not below `to`");
  if (interval.is_whole &&
      (interval.low != std::floor(interval.low) || interval.high != std::floor(interval.high)))
    return fail(value.line, parameter.name + ": with `whole: true`, the ends are whole numbers");
  if (interval.is_logarithmic && interval.low <= 0)
    return fail(value.line, parameter.name + ": with `logarithmic: true`, `from` is above 0");
  std::uint32_t steps = 0;
  if (Done done = read_number<std::uint32_t>(value, "steps", 2, runs_max, steps); !done)
    return done;
  if (steps > 0)
    parameter.values = steps_between(interval, steps);
  else if (!is_random())
    return fail(value.line, parameter.name + ": steps is missing: how many values from `from` to "
                                             "`to`; only random designs do without");
  return {};
}

Result<void> PlanReader::read_listed_points(const YamlTree& points) {
  if (points.kind != Kind::list || points.items.empty())
    return wanted(points, "points", "a list of points, as in `- {--agents: 100}`");
  for (const YamlTree& point : points.items) {
    if (point.kind != Kind::map || point.entries.empty())
      return wanted(point, "points", "a value for each parameter, as in {--agents: 100}");
    if (plan_.parameters.empty())
      for (const YamlTree::Entry& entry : point.entries) {
        if (Done done = check_parameter(entry.line, entry.name); !done)
          return done;
        plan_.parameters.push_back({entry.name, {}, {}});
      }
    Names known;
    for (const Parameter& parameter : plan_.parameters)
      known.push_back(parameter.name);
    if (Done done = check_names(point, "points", known); !done)
      return done;
    std::vector<std::string>& values = plan_.points.emplace_back();
    for (const std::string& name : known) {
      const YamlTree* const value = point.find(name);
      if (value == nullptr)
        return fail(point.line, "points: " + name +
                                    " is missing: all points have the parameters "
                                    "of the first one");
      if (Done done = check_value(value->line, name, *value); !done)
        return done;
      values.push_back(value->text);
    }
  }
  return {};
}

Result<void> PlanReader::make_points(const YamlTree& tree) {
  const YamlTree* const parameters = tree.find("parameters");
  const YamlTree* const points = tree.find("points");
  if (plan_.design == Design::list) {
    if (parameters != nullptr)
      return fail(parameters->line, "parameters: of a list, each of the points names them; leave "
                                    "this out, or choose `design: grid`");
    if (points == nullptr)
      return fail(tree.line, "points is missing: the list of them");
    return read_listed_points(*points);
  }
  if (parameters == nullptr)
    return fail(tree.line, "parameters is missing: what is varied, as in "
                           "`parameters: {--agents: [100, 200]}`");
  if (Done done = read_parameters(*parameters); !done)
    return done;
  if (is_random()) {
    std::uint32_t count = 0;
    if (points == nullptr)
      return fail(tree.line, "points is missing: how many, as this design is random");
    if (Done done = read_number<std::uint32_t>(tree, "points", 1, runs_max, count); !done)
      return done;
    plan_.points = random_points(plan_.parameters, plan_.design, count, plan_.seed);
    return {};
  }
  if (points != nullptr)
    return fail(points->line, "points: of a grid, they are all values of each parameter with all "
                              "of the others; leave this out, or choose another design");
  double count = 1;
  for (const Parameter& parameter : plan_.parameters)
    count *= static_cast<double>(parameter.values.size());
  if (count > static_cast<double>(runs_max))
    return fail(parameters->line, "parameters: a grid of more than " + std::to_string(runs_max) +
                                      " points; wanted: fewer values, or a random design");
  plan_.points = grid_points(plan_.parameters);
  return {};
}

// ---- what is measured ---------------------------------------------------------------------------

Result<void> PlanReader::check_topic(int line, const Outcome& outcome) const {
  if (outcome.rule != OutcomeRule::counter ||
      std::ranges::count(summary_counters(), outcome.topic) > 0)
    return {};
  return fail(line, "outcomes: the summary of a run has no number " + detail::quote(outcome.topic) +
                        detail::spelling_hint(outcome.topic, summary_counters()));
}

Result<void> PlanReader::read_outcomes(const YamlTree& outcomes) {
  if (outcomes.kind != Kind::map)
    return wanted(outcomes, "outcomes", "names with rules, as in `wait: mean`");
  for (const YamlTree::Entry& entry : outcomes.entries) {
    Outcome outcome;
    outcome.name = entry.name;
    outcome.topic = entry.name;
    if (Done done = read_outcome(entry.value, outcome); !done)
      return done;
    if (Done done = check_topic(entry.line, outcome); !done)
      return done;
    plan_.outcomes.push_back(std::move(outcome));
  }
  return {};
}

Result<void> PlanReader::read_outcome(const YamlTree& value, Outcome& outcome) const {
  const std::string name = "outcomes: " + outcome.name;
  if (value.kind != Kind::map)
    return read_rule(value, name, outcome_rules, outcome.rule);
  if (Done done = check_names(value, name, {"topic", "observer", "column", "rule"}); !done)
    return done;
  if (Done done = read_observed(value, name, outcome.observed); !done)
    return done;
  if (const YamlTree* const topic = value.find("topic")) {
    if (topic->kind != Kind::text)
      return wanted(*topic, name + ": topic", "a topic that agents report on");
    outcome.topic = topic->text;
  }
  const YamlTree* const rule = value.find("rule");
  if (rule == nullptr)
    return fail(value.line, name + ": rule is missing");
  return outcome.is_observed() ? read_rule(*rule, name + ": rule", observed_rules, outcome.rule)
                               : read_rule(*rule, name + ": rule", outcome_rules, outcome.rule);
}

Result<void> PlanReader::read_observed(const YamlTree& value, const std::string& name,
                                       ObservedColumn& observed) const {
  const YamlTree* const observer = value.find("observer");
  const YamlTree* const column = value.find("column");
  if (observer == nullptr)
    return column == nullptr ? Done{}
                             : fail(column->line, name + ": a column is one of what an observer "
                                                         "sees; observer is missing");
  if (value.find("topic") != nullptr)
    return fail(observer->line,
                name + ": either of a topic, which agents report on, or of an observer");
  if (observer->kind != Kind::text || observer->text.empty())
    return wanted(*observer, name + ": observer", "the name of an observer");
  observed.observer = observer->text;
  if (column != nullptr && column->kind != Kind::text)
    return wanted(*column, name + ": column", "a column of the table of observations, as sum");
  if (column != nullptr)
    observed.column = column->text;
  return {};
}

Result<void> PlanReader::read_series(const YamlTree& series) {
  if (series.kind != Kind::map)
    return wanted(series, "series",
                  "names with {topic: TOPIC, rule: RULE, every: TIME, until: TIME}");
  for (const YamlTree::Entry& entry : series.entries) {
    SeriesPlan one;
    one.name = entry.name;
    one.topic = entry.name;
    if (Done done = read_one_series(entry.value, one); !done)
      return done;
    plan_.series.push_back(std::move(one));
  }
  return {};
}

Result<void> PlanReader::read_one_series(const YamlTree& value, SeriesPlan& series) const {
  const std::string name = "series: " + series.name;
  if (Done done =
          check_names(value, name, {"topic", "observer", "column", "rule", "every", "until"});
      !done)
    return done;
  if (Done done = read_observed(value, name, series.observed); !done)
    return done;
  const YamlTree* const rule = value.find("rule");
  if (rule != nullptr && series.is_observed())
    return fail(rule->line, name + ": an observer has its column over time, without a rule");
  for (const char* const part : {"rule", "every", "until"})
    if (value.find(part) == nullptr && !(part == std::string_view("rule") && series.is_observed()))
      return fail(value.line, name + ": " + part + " is missing");
  if (const YamlTree* const topic = value.find("topic")) {
    if (topic->kind != Kind::text)
      return wanted(*topic, name + ": topic", "a topic that agents report on");
    series.topic = topic->text;
  }
  if (rule != nullptr)
    if (Done done = read_rule(*rule, name + ": rule", series_rules, series.rule); !done)
      return done;
  if (Done done = read_duration(value, "every", 1e-9, 1e12, series.every_s); !done)
    return done;
  if (Done done = read_duration(value, "until", 1e-9, 1e12, series.until_s); !done)
    return done;
  if (series.until_s / series.every_s > static_cast<double>(series_times_max))
    return fail(value.line, name + ": more than " + std::to_string(series_times_max) +
                                " times from 0 to `until`; raise `every`");
  return {};
}

} // namespace

Result<ExperimentPlan> plan_of(const std::string& file, const YamlTree& tree) {
  return PlanReader(file).read(tree);
}

} // namespace stos::program

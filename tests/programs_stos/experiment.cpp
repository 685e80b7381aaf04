#include "config/yaml_tree.hpp"
#include "libstos/world/run_summary.hpp"
#include "programs/stos/chart.hpp"
#include "programs/stos/experiment/design.hpp"
#include "programs/stos/experiment/journal.hpp"
#include "programs/stos/experiment/outcomes.hpp"
#include "programs/stos/experiment/pictures.hpp"
#include "programs/stos/experiment/plan_reader.hpp"
#include "programs/stos/experiment/progress.hpp"
#include "programs/stos/experiment/statistics.hpp"
#include "programs/stos/experiment/sweep.hpp"
#include "programs/stos/experiment/tables.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace stos;
using namespace stos::program;
using Catch::Contains;
using Catch::StartsWith;

namespace {

using Points = std::vector<std::vector<std::string>>;

Result<ExperimentPlan> parsed(const std::string& text) {
  const Result<YamlTree> tree = parse_yaml_tree("e.yaml", text, "description of an experiment");
  if (!tree)
    return tree.error();
  return plan_of("e.yaml", *tree);
}

ExperimentPlan good_plan(const std::string& text) {
  Result<ExperimentPlan> plan = parsed(text);
  INFO((plan ? "" : plan.error().context));
  REQUIRE(plan);
  return *std::move(plan);
}

std::string mistake(const std::string& text) {
  const Result<ExperimentPlan> plan = parsed(text);
  return plan ? "no mistake" : plan.error().context;
}

const std::string two_by_two = R"(
parameters:
  --a: [1, 2]
  engine.parallel: [always, never]
replications: 3
outcomes:
  wait: mean
series:
  ill: {rule: running_sum, every: 1 s, until: 3 s}
)";

RunResult result_of(double wait) {
  RunResult result;
  result.digest = "00000000000000aa";
  result.value_digest = "00000000000000bb";
  result.counters = {"1", "2.5", "3", "4", "5", "6", "7", "8"};
  result.outcomes = {wait};
  result.series = {{0, 1, wait, 3}};
  result.wall_time_s = 0.25;
  return result;
}

const ExperimentIdentity identity{"plan", "program", "arguments", "configuration"};

} // namespace

// ---- designs ------------------------------------------------------------------------------------

TEST_CASE("a grid has each value with each, the last parameter changing fastest", "[experiment]") {
  CHECK(grid_points({{"--a", {"1", "2"}, {}}, {"--b", {"x", "y", "z"}, {}}}) ==
        Points{{"1", "x"}, {"1", "y"}, {"1", "z"}, {"2", "x"}, {"2", "y"}, {"2", "z"}});
}

TEST_CASE("steps of an interval have both ends, and no digits of rounding", "[experiment]") {
  CHECK(steps_between({0.1, 0.7, false, false}, 7) ==
        std::vector<std::string>{"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"});
  CHECK(steps_between({1, 1000, false, true}, 4) ==
        std::vector<std::string>{"1", "10", "100", "1000"});
  CHECK(steps_between({1, 3, true, false}, 5) == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("a latin hypercube has one value in each part of each interval", "[experiment]") {
  constexpr std::size_t count = 50;
  const std::vector<Parameter> parameters = {{"--a", {}, {0, 50, false, false}},
                                             {"--b", {}, {1, 25, true, false}},
                                             {"--c", {"x", "y"}, {}}};
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Points points = random_points(parameters, Design::latin_hypercube, count, seed);
    REQUIRE(points.size() == count);
    std::set<int> parts;
    for (const auto& point : points)
      parts.insert(static_cast<int>(std::stod(point[0])));
    CHECK(parts.size() == count);
    for (int b = 1; b <= 25; ++b)
      CHECK(std::ranges::count_if(
                points, [b](const auto& point) { return point[1] == std::to_string(b); }) == 2);
    CHECK(std::ranges::count_if(points, [](const auto& point) { return point[2] == "x"; }) == 25);
  }
}

TEST_CASE("random points are in their intervals, and the same for the same seed", "[experiment]") {
  const std::vector<Parameter> parameters = {{"--a", {}, {-1, 1, false, false}},
                                             {"--b", {}, {0.001, 1000, false, true}}};
  const Points points = random_points(parameters, Design::uniform, 1000, 7);
  CHECK(points == random_points(parameters, Design::uniform, 1000, 7));
  CHECK(points != random_points(parameters, Design::uniform, 1000, 8));
  int below_one = 0;
  for (const auto& point : points) {
    CHECK(std::abs(std::stod(point[0])) <= 1);
    const double b = std::stod(point[1]);
    CHECK((b >= 0.001 && b <= 1000));
    below_one += b < 1 ? 1 : 0;
  }
  CHECK(std::abs(below_one - 500) < 80); // five deviations
}

TEST_CASE("runs have seeds of their own, or common ones at all points", "[experiment]") {
  ExperimentPlan plan = good_plan(two_by_two);
  std::set<std::uint64_t> seeds;
  for (const RunOfPlan& run : runs_of(plan)) {
    seeds.insert(run.seed);
    CHECK(run.seed < std::uint64_t{1} << 53);
  }
  CHECK(seeds.size() == 12);
  plan.has_common_random_numbers = true;
  const std::vector<RunOfPlan> runs = runs_of(plan);
  REQUIRE(runs.size() == 12);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(runs[i].point == i / 3);
    CHECK(runs[i].replication == i % 3);
    CHECK(runs[i].seed == runs[i % 3].seed);
  }
}

// ---- statistics ---------------------------------------------------------------------------------

TEST_CASE("quantiles of Student's distribution are those of the tables", "[experiment]") {
  // Abramowitz and Stegun, table 26.10, and R's qt().
  CHECK(student_t(1, 0.95) == Approx(12.7062047361747).epsilon(1e-11));
  CHECK(student_t(2, 0.95) == Approx(4.30265272974946).epsilon(1e-11));
  CHECK(student_t(3, 0.95) == Approx(3.18244630528371).epsilon(1e-11));
  CHECK(student_t(9, 0.95) == Approx(2.26215716279820).epsilon(1e-11));
  CHECK(student_t(10, 0.99) == Approx(3.16927267261695).epsilon(1e-11));
  CHECK(student_t(30, 0.9) == Approx(1.69726088659396).epsilon(1e-11));
  CHECK(student_t(1000, 0.95) == Approx(1.96233908082641).epsilon(1e-10));
  CHECK(student_t(1'000'000, 0.95) == Approx(1.95996635682).epsilon(1e-9));
}

TEST_CASE("an estimate has mean, deviation and interval of the values", "[experiment]") {
  const std::vector<double> values = {1, 2, 3, 4};
  const Estimate some = estimate(values, 0.95);
  CHECK(some.count == 4);
  CHECK(some.mean == 2.5);
  CHECK(*some.deviation == Approx(1.29099444873581));
  CHECK(some.low() == Approx(2.5 - 3.18244630528371 * 1.29099444873581 / 2));
  CHECK(some.high() == Approx(2.5 + 3.18244630528371 * 1.29099444873581 / 2));
  const std::vector<double> one = {7};
  CHECK(estimate(one, 0.95).mean == 7);
  CHECK_FALSE(estimate(one, 0.95).half);
  CHECK(estimate({}, 0.95).count == 0);
}

// ---- descriptions -------------------------------------------------------------------------------

TEST_CASE("a description becomes a plan", "[experiment]") {
  const ExperimentPlan plan = good_plan(two_by_two + R"(
seed: 5
common_random_numbers: true
workers: 2
nodes: 3
timeout: 2 min
confidence: 0.9
)");
  CHECK(plan.points == Points{{"1", "always"}, {"1", "never"}, {"2", "always"}, {"2", "never"}});
  CHECK(plan.replications == 3);
  CHECK(plan.seed == 5);
  CHECK(plan.has_common_random_numbers);
  CHECK(plan.workers == 2);
  CHECK(plan.nodes == 3);
  CHECK(*plan.timeout_s == 120);
  CHECK(plan.confidence == 0.9);
  CHECK(plan.outcomes == std::vector<Outcome>{{"wait", "wait", OutcomeRule::mean}});
  CHECK(plan.series == std::vector<SeriesPlan>{{"ill", "ill", SeriesRule::running_sum, 1, 3}});
  CHECK(plan.series.front().size() == 4);
}

TEST_CASE("points are listed, or at random", "[experiment]") {
  CHECK(good_plan("{design: list, points: [{--a: 1, --b: 2}, {--b: 4, --a: 3}]}").points ==
        Points{{"1", "2"}, {"3", "4"}});
  const ExperimentPlan random = good_plan(
      "{design: latin_hypercube, points: 4, parameters: {--a: {from: 1, to: 2}, --b: 7}}");
  CHECK(random.points.size() == 4);
  CHECK(random.points.front()[1] == "7");
  CHECK(good_plan("parameters: {--a: {from: 1, to: 2, steps: 3}}").points ==
        Points{{"1"}, {"1.5"}, {"2"}});
}

TEST_CASE("plans are told apart by what decides about their runs", "[experiment]") {
  const std::string text = to_string(good_plan(two_by_two));
  CHECK(text == to_string(good_plan("# the same\n" + two_by_two)));
  for (const char* const more : {"seed: 2", "common_random_numbers: true", "workers: 1"})
    CHECK(text != to_string(good_plan(two_by_two + more + "\n")));
}

TEST_CASE("a mistake in a description is told with its line, and what is allowed", "[experiment]") {
  CHECK_THAT(mistake("- 1"), StartsWith("e.yaml:1: experiment: got a list; wanted: names"));
  CHECK_THAT(mistake("seed: 1"), StartsWith("e.yaml:1: parameters is missing"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nreplication: 2"),
             StartsWith("e.yaml:2: experiment: unknown name \"replication\"; did you mean "
                        "\"replications\"?"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nreplications: 0"),
             StartsWith("e.yaml:2: replications: got \"0\"; allowed: a whole number from 1 to "));
  CHECK_THAT(mistake("parameters: {--a: 1}\nseed: [1]"),
             StartsWith("e.yaml:2: seed: got a list; allowed: a whole number"));
  CHECK_THAT(mistake("parameters: {--a: 1}\n\ndesign: square"),
             Contains("e.yaml:3: design: got \"square\"; allowed: grid, list, uniform, latin_"));
  CHECK_THAT(mistake("parameters:\n  --a: []"), StartsWith("e.yaml:2: --a: the list is empty"));
  CHECK_THAT(mistake("parameters:\n  --a: [1, 1]"), Contains("\"1\" is given twice"));
  CHECK_THAT(mistake("parameters:\n  --a: [1, [2]]"), Contains("got a list; allowed: one value"));
  CHECK_THAT(mistake("parameters:\n  --a: {from: 1, to: 2}"),
             StartsWith("e.yaml:2: --a: steps is missing"));
  CHECK_THAT(mistake("parameters:\n  --a: {from: 2, to: 2, steps: 3}"), Contains("not below"));
  CHECK_THAT(mistake("parameters:\n  --a: {from: 2, steps: 3}"), Contains("to is missing"));
  CHECK_THAT(mistake("parameters:\n  --a: {from: 0, to: 2, steps: 3, logarithmic: true}"),
             Contains("`from` is above 0"));
  CHECK_THAT(mistake("parameters:\n  --a: {from: 0, to: 1.5, steps: 3, whole: true}"),
             Contains("whole numbers"));
  CHECK_THAT(mistake("parameters: {agents: 1}"), Contains("neither an option of the program"));
  CHECK_THAT(mistake("parameters: {simulation.end_tim: 1 s}"),
             Contains("did you mean \"simulation.end_time\"?"));
  CHECK_THAT(mistake("parameters: {simulation.seed: 1}"), Contains("e.yaml:1: parameters:"));
  CHECK_THAT(mistake("parameters: {--seed: 1}"), Contains("--seed is no parameter"));
  CHECK_THAT(mistake("parameters:\n  simulation.end_time: [5]"),
             Contains("e.yaml:2: simulation.end_time: "));
  CHECK_THAT(mistake("parameters: {--a: 1}\npoints: 3"), StartsWith("e.yaml:2: points: of a grid"));
  CHECK_THAT(mistake("{design: uniform, parameters: {--a: 1}}"), Contains("points is missing"));
  CHECK_THAT(mistake("design: list\npoints:\n- {--a: 1}\n- {--b: 1}"),
             StartsWith("e.yaml:4: points: unknown name \"--b\""));
  CHECK_THAT(mistake("design: list\npoints:\n- {--a: 1, --b: 2}\n- {--a: 1}"),
             StartsWith("e.yaml:4: points: --b is missing"));
  CHECK_THAT(mistake("parameters: {--a: 1}\noutcomes:\n  wait: average"),
             StartsWith("e.yaml:3: outcomes: wait: got \"average\"; allowed: count, sum, mean,"));
  CHECK_THAT(mistake("parameters: {--a: 1}\noutcomes:\n  event: counter"),
             Contains("did you mean \"events\"?"));
  CHECK_THAT(mistake("parameters: {--a: 1}\noutcomes:\n  x: {observer: ill, rule: peak}"),
             StartsWith("e.yaml:3: outcomes: x: rule: got \"peak\"; allowed: count, sum, mean,"));
  CHECK_THAT(mistake("parameters: {--a: 1}\noutcomes:\n  x: {column: sum, rule: last}"),
             Contains("observer is missing"));
  CHECK_THAT(mistake("parameters: {--a: 1}\noutcomes:\n  x: {observer: a, topic: b, rule: last}"),
             Contains("either of a topic"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nseries:\n"
                     "  x: {observer: a, rule: sum, every: 1 s, until: 2 s}"),
             Contains("without a rule"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nseries:\n  ill: {rule: sum, every: 1 s}"),
             StartsWith("e.yaml:3: series: ill: until is missing"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nseries:\n  ill: {rule: sum, every: 1, until: 2 s}"),
             StartsWith("e.yaml:3: every: got \"1\"; allowed: a time"));
  CHECK_THAT(mistake("parameters: {--a: 1}\nparameters: {--b: 1}"),
             StartsWith("e.yaml:2: \"parameters\" is given twice"));
  CHECK_THAT(mistake("parameters: {--a: 1"), StartsWith("e.yaml:"));
  CHECK_THAT(mistake("parameters: !!map {--a: 1}"), Contains("YAML tags are not allowed"));
}

// ---- outcomes -----------------------------------------------------------------------------------

TEST_CASE("outcomes and series are made of the table of reports", "[experiment]") {
  ExperimentPlan plan = good_plan(R"(
parameters: {--a: 1}
outcomes:
  n: {topic: ill, rule: count}
  sum: {topic: ill, rule: sum}
  mean: {topic: ill, rule: mean}
  least: {topic: ill, rule: least}
  greatest: {topic: ill, rule: greatest}
  first: {topic: ill, rule: first}
  last: {topic: ill, rule: last}
  peak: {topic: ill, rule: peak}
  nothing: {topic: "no, one", rule: mean}
  none: {topic: "no, one", rule: count}
  texts: {topic: "a \"text\"", rule: count}
  sent: counter
series:
  ill: {rule: running_sum, every: 1 s, until: 3 s}
)");
  RunResult result = result_of(0);
  result.outcomes.clear();
  result.series.clear();
  const Result<void> done =
      add_outcomes(plan,
                   {.reports = "time,agent,topic,value\n"
                               "0.5,1,ill,1\n"
                               "0.5,2,ill,1\n"
                               "1.5,1,ill,true\n"
                               "2,2,\"a \"\"text\"\"\",\"with, comma\n and line\"\n"
                               "2.5,2,ill,-2\n",
                    .observations = {}},
                   result);
  INFO((done ? "" : done.error().context));
  REQUIRE(done);
  CHECK(result.outcomes ==
        std::vector<std::optional<double>>{4, 1, 0.25, -2, 1, 1, -2, 3, std::nullopt, 0, 1, 5});
  CHECK(result.series == std::vector<std::vector<double>>{{0, 2, 3, 1}});
}

TEST_CASE("of a report that is no number there is only a count", "[experiment]") {
  const ExperimentPlan plan = good_plan("{parameters: {--a: 1}, outcomes: {name: last}}");
  RunResult result;
  const Result<void> done =
      add_outcomes(plan, {"time,agent,topic,value\n1,1,name,Alice\n", {}}, result);
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().context, Contains("a report on \"name\" is no number, but \"Alice\""));
  CHECK_FALSE(add_outcomes(plan, {"time,agent,topic,value\n1,1,name\n", {}}, result));
  CHECK_FALSE(add_outcomes(plan, {"something else\n", {}}, result));
}

TEST_CASE("outcomes and series are made of what observers have seen", "[experiment]") {
  const ExperimentPlan plan = good_plan(R"(
parameters: {--a: 1}
outcomes:
  end: {observer: ill, rule: last}
  most: {observer: ill, rule: greatest}
  when: {observer: ill, rule: time_of_greatest}
  lowest: {observer: ill, column: mean, rule: time_of_least}
  many: {observer: "age, in years", column: 60 to 70, rule: mean}
  looks: {observer: ill, rule: count}
series:
  ill: {observer: ill, every: 1 s, until: 3 s}
)");
  CHECK(needs_observations(plan));
  CHECK_FALSE(needs_reports(plan));
  const std::string table = "time,observer,count,sum,mean,below 60,60 to 70,from 70\n"
                            "1,ill,4,1,0.25,,,\n"
                            "1,\"age, in years\",4,200,50,2,1,1\n"
                            "2,ill,4,3,0.75,,,\n"
                            "2.5,ill,4,3,0.75,,,\n"
                            "3,ill,0,0,,,,\n"
                            "3,\"age, in years\",4,200,50,2,2,0\n";
  RunResult result;
  const Result<void> done = add_outcomes(plan, {{}, table}, result);
  INFO((done ? "" : done.error().context));
  REQUIRE(done);
  CHECK(result.outcomes == std::vector<std::optional<double>>{0, 3, 2, 1, 1.5, 4});
  CHECK(result.series == std::vector<std::vector<double>>{{0, 1, 3, 0}});
  const auto problem = [&](const std::string& outcome) {
    const Result<void> fails = add_outcomes(
        good_plan("{parameters: {--a: 1}, outcomes: {x: " + outcome + "}}"), {{}, table}, result);
    return fails ? "none" : fails.error().context;
  };
  CHECK(problem("{observer: il, rule: last}") ==
        "no observer called \"il\" has seen anything; there are: \"ill\", \"age, in years\"");
  CHECK_THAT(problem("{observer: ill, column: median, rule: last}"),
             StartsWith("observers have no \"median\"; there are: \"count\", \"sum\""));
  CHECK_FALSE(add_outcomes(plan, {{}, "time,agent,topic,value\n"}, result));
  CHECK_FALSE(add_outcomes(plan, {{}, "time,observer,sum\n1,ill\n"}, result));
  CHECK_FALSE(add_outcomes(plan, {{}, "time,observer,sum\n1,ill,many\n"}, result));
}

TEST_CASE("a summary is read, with the error that it tells of", "[experiment]") {
  RunSummary summary;
  summary.absorbed = 7;
  summary.sent = 9;
  summary.last_event_time = 1.5;
  RunResult result;
  REQUIRE(read_summary("s", to_json(summary, std::nullopt), result));
  CHECK(result.counters == std::vector<std::string>{"7", "1.5", "0", "0", "9", "0", "0", "0"});
  CHECK(result.digest == summary.digest.to_string());
  CHECK(result.failure.empty());
  REQUIRE(
      read_summary("s", to_json(summary, Error{Errc::bad_argument, "a \"quoted\" text"}), result));
  CHECK(result.failure == "a \"quoted\" text");
  CHECK_FALSE(read_summary("s", "{}", result));
  CHECK_FALSE(read_summary("s", "", result));
}

// ---- tables and pictures ------------------------------------------------------------------------

TEST_CASE("tables have a line for each run, and estimates for each point", "[experiment]") {
  const ExperimentPlan plan = good_plan(two_by_two);
  Results results;
  for (std::size_t i = 0; i < plan.runs(); ++i)
    results[i] = result_of(static_cast<double>(i));
  results[1].failure = "ended with exit code 1: a, b";
  results[1].series.clear();
  results.erase(11);
  const std::string runs = table_of_runs(plan, results);
  CHECK_THAT(runs, StartsWith("run,point,--a,engine.parallel,replication,seed,status,exit_code,"
                              "digest,value_digest,events,last_event_time,"));
  CHECK(std::ranges::count(runs, '\n') == 12);
  CHECK_THAT(runs, Contains(",failed,0,") && Contains(",\"ended with exit code 1: a, b\"\n"));
  const std::vector<PointEstimates> points = estimates(plan, results);
  REQUIRE(points.size() == 4);
  CHECK(points[0].outcomes[0].count == 2); // without the one that has failed
  CHECK(points[0].outcomes[0].mean == 1);
  CHECK(points[3].outcomes[0].count == 2);
  CHECK(points[2].outcomes[0].mean == 7);
  CHECK(points[1].series[0][2].mean == 4);
  CHECK_THAT(table_of_points(plan, points), Contains("\n3,2,always,wait,3,7,1,"));
  CHECK_THAT(table_of_series(plan, points), Contains("\n2,1,never,ill,3,3,3,3,3\n"));
  CHECK_THAT(table_of_plan(plan), StartsWith("run,point,--a,engine.parallel,replication,seed\n"));
}

TEST_CASE("there is a picture for each outcome over each parameter with numbers", "[experiment]") {
  const ExperimentPlan plan = good_plan(two_by_two);
  Results results;
  for (std::size_t i = 0; i < plan.runs(); ++i)
    results[i] = result_of(static_cast<double>(i));
  const std::vector<PictureFile> files = pictures_of(plan, estimates(plan, results));
  REQUIRE(files.size() == 2);
  CHECK(files[0].name == "wait-over-a.svg");
  CHECK(files[1].name == "ill-over-time.svg");
  CHECK_THAT(files[0].svg, Contains("class=\"band\"") && Contains("engine.parallel always") &&
                               Contains("95 % confidence"));
  CHECK_THAT(files[1].svg, Contains("a 2, engine.parallel never"));
}

TEST_CASE("a chart of nothing is a picture, too", "[experiment]") {
  Chart chart;
  chart.title = "<nothing>";
  CHECK_THAT(draw(chart), Contains("&lt;nothing&gt;") && Catch::EndsWith("</svg>\n"));
}

// ---- the journal --------------------------------------------------------------------------------

TEST_CASE("a journal gives back what was written, up to its first torn line", "[experiment]") {
  const ExperimentPlan plan = good_plan(two_by_two);
  RunResult failed;
  failed.failure = "took \"longer\", than 1 s";
  failed.exit_code = 143;
  const std::string header = journal_header(identity);
  const std::string first = journal_line(plan, 3, result_of(0.1));
  const std::string second = journal_line(plan, 0, failed);
  const std::string text = header + first + second;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto content = read_journal("j", std::string_view(text).substr(0, size), identity, plan);
    REQUIRE(content);
    const bool has_first = size >= header.size() + first.size();
    CHECK(content->results.size() == (size == text.size() ? 2u : has_first ? 1u : 0u));
    CHECK(content->bytes == (size == text.size()     ? size
                             : has_first             ? header.size() + first.size()
                             : size >= header.size() ? header.size()
                                                     : 0));
    if (has_first)
      CHECK(content->results.at(3) == result_of(0.1));
    if (size == text.size()) {
      CHECK(content->results.at(0).failure == failed.failure);
      CHECK(content->results.at(0).exit_code == 143);
    }
  }
  std::string damaged = text;
  damaged[header.size() + first.size() / 2] ^= 1;
  CHECK(read_journal("j", damaged, identity, plan)->results.empty());
}

TEST_CASE("a journal of another experiment is refused, and says what differs", "[experiment]") {
  const ExperimentPlan plan = good_plan(two_by_two);
  const auto refusal = [&](const ExperimentIdentity& other) {
    const auto content = read_journal("j", journal_header(other), identity, plan);
    return content ? "none" : content.error().context;
  };
  ExperimentIdentity other = identity;
  CHECK(refusal(other) == "none");
  other.configuration = "x";
  CHECK_THAT(refusal(other), StartsWith("j: is of another configuration"));
  other.arguments = "x";
  CHECK_THAT(refusal(other), StartsWith("j: is of the program with other arguments"));
  other.program = "x";
  CHECK_THAT(refusal(other), StartsWith("j: is of another program, or another build"));
  other.plan = "x";
  CHECK_THAT(refusal(other), StartsWith("j: is of another description of an experiment"));
  CHECK_FALSE(read_journal("j", "Dear diary\n", identity, plan));
  CHECK_FALSE(read_journal("j", "Dear diary", identity, plan));
}

// ---- commands -----------------------------------------------------------------------------------

TEST_CASE("a run has its parameters as options and variables", "[experiment]") {
  const ExperimentPlan plan = good_plan(R"(
parameters: {--a: 1, simulation.end_time: 5 s}
nodes: 2
)");
  SweepOptions options;
  options.command = {"model", "--b"};
  options.launcher = "stos";
  const RunCommand command = command_of(plan, options, {0, 0, 77}, {"s.json", "r.csv", "o.csv"});
  CHECK(command.words ==
        std::vector<std::string>{"stos", "run", "-n", "2", "-q", "--", "model", "--b", "--a", "1"});
  const auto value = [&](const std::string& name) {
    const auto found =
        std::ranges::find(command.variables, name, &std::pair<std::string, std::string>::first);
    return found == command.variables.end() ? "none" : found->second;
  };
  CHECK(value("STOS_SIMULATION_SEED") == "77");
  CHECK(value("STOS_SIMULATION_END_TIME") == "5 s");
  CHECK(value("STOS_ENGINE_WORKERS") == "1");
  CHECK(value("STOS_OUTPUT_SUMMARY_PATH") == "s.json");
  CHECK(value("STOS_OUTPUT_REPORTS_PATH") == "none"); // no outcome needs it
  CHECK(value("STOS_OUTPUT_OBSERVATIONS_PATH") == "none");
}

TEST_CASE("progress says what is done, and how long the rest takes", "[experiment]") {
  CHECK(progress_text({24, 12, 1, 2, 10}) == "12 of 24 runs, 1 failed, 12s left");
  CHECK(progress_text({24, 2, 0, 2, 0}) == "2 of 24 runs");
  CHECK(progress_bar({4, 2, 0, 0, 10}, 8) == "[####....] 2 of 4 runs, 10s left");
  CHECK(progress_bar({0, 0, 0, 0, 0}, 2) == "[##] 0 of 0 runs");
}

#include "bench/stos_bench/report.hpp"

#include <functional>
#include <iomanip>
#include <sstream>

namespace stos::bench {
namespace {

constexpr double million = 1e6;

double median_of(const Series& series, const std::function<double(const Outcome&)>& value) {
  std::vector<double> values;
  for (const Outcome& outcome : series.outcomes)
    values.push_back(value(outcome));
  return median(values);
}

double per(std::uint64_t count, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(count) / static_cast<double>(whole);
}

std::string show_seconds(double s) {
  std::ostringstream text;
  text << std::setprecision(12) << s;
  return text.str();
}

// Names what runs beside a workload's own model.
std::string row_name(const Measurement& measurement, const Model& model) {
  if (model == measurement.workload.model)
    return measurement.workload.name;
  return model.kind == ModelKind::crowd ? "  beside: the pair alone" : "  beside: the lattice";
}

// What only our engine has: ratios and counters.
std::vector<std::string> own_columns(const Measurement& measurement, const Series& series) {
  const Contender& ours = series.contender;
  const auto ratio_to = [&](Engine engine, std::uint32_t threads) {
    const Contender other{engine, threads, ours.model};
    return other == ours ? "" : show(measurement.ratio(ours, other), 2);
  };
  return {
      show(median_of(series,
                     [](const Outcome& o) { return static_cast<double>(o.events) / o.active_s; }) /
               million,
           2),
      ratio_to(Engine::queue, 1),
      ratio_to(Engine::window, ours.threads),
      ratio_to(Engine::yawns, ours.threads),
      ratio_to(Engine::ours, 1),
      show(median_of(series, [](const Outcome& o) { return o.bytes_per_agent; }), 0),
      show(median_of(series, [](const Outcome& o) { return per(o.activations, o.events); }), 3),
      show(median_of(series, [](const Outcome& o) { return 1e3 * per(o.wakeups, o.events); }), 3),
      show(
          median_of(series,
                    [](const Outcome& o) { return 100 * per(o.empty_activations, o.activations); }),
          1)};
}

} // namespace

const char* Verdict::mark() const {
  const double sign = goal >= floor ? 1 : -1;
  if (!(value > 0) || sign * value < sign * floor)
    return "MISSED";
  return sign * value < sign * goal ? "floor" : "goal";
}

TextTable rates_table(const std::vector<Measurement>& measurements) {
  TextTable table({"workload", "N", "K", "engine", "threads", "T/s", "runs", "Mhops/s", "Mevents/s",
                   "/pq", "/win", "/yawns", "/1 worker", "peak B/agent", "activ./event",
                   "wakeups/1k ev.", "empty %"});
  for (const Measurement& measurement : measurements) {
    for (const Series& series : measurement.series) {
      const Model& model = series.contender.model;
      std::vector<std::string> row{row_name(measurement, model),
                                   short_number(agents_of(model)),
                                   std::to_string(model.tokens),
                                   name_of(series.contender.engine),
                                   std::to_string(series.contender.threads),
                                   show_seconds(series.end_time_s),
                                   std::to_string(series.outcomes.size()),
                                   show(series.hops_per_s() / million, 2)};
      const auto rest = series.contender.engine == Engine::ours ? own_columns(measurement, series)
                                                                : std::vector<std::string>(9);
      row.insert(row.end(), rest.begin(), rest.end());
      table.add(std::move(row));
    }
  }
  return table;
}

std::vector<Verdict> verdicts_of(const std::vector<Measurement>& measurements) {
  std::vector<Verdict> verdicts;
  for (const Measurement& measurement : measurements)
    for (const Goal& goal : measurement.workload.goals)
      verdicts.push_back({measurement.workload.name, std::to_string(goal.subject.threads),
                          goal.quantity, measurement.ratio(goal.subject, goal.yardstick),
                          goal.floor, goal.goal});
  return verdicts;
}

TextTable verdict_table(const std::vector<Verdict>& verdicts) {
  TextTable table({"workload", "workers", "quantity", "value", "floor", "goal", "met"});
  for (const Verdict& verdict : verdicts) {
    const int digits = verdict.floor >= 100 ? 0 : verdict.value < 0.1 ? 4 : 2;
    table.add({verdict.workload, verdict.workers, verdict.quantity, show(verdict.value, digits),
               show_seconds(verdict.floor), show_seconds(verdict.goal), verdict.mark()});
  }
  return table;
}

std::string to_csv(const std::vector<Measurement>& measurements) {
  std::ostringstream text;
  text
      << "workload,agents,tokens,engine,threads,end_time_s,round,hops,events,active_s,setup_s,"
         "whole_s,peak_bytes_per_agent,activations,empty_activations,wakeups,others_share,digest\n";
  for (const Measurement& measurement : measurements)
    for (const Series& series : measurement.series)
      for (std::size_t round = 0; round < series.outcomes.size(); ++round) {
        const Contender& contender = series.contender;
        const Outcome& o = series.outcomes[round];
        text << measurement.workload.name << ',' << agents_of(contender.model) << ','
             << contender.model.tokens << ',' << name_of(contender.engine) << ','
             << contender.threads << ',' << series.end_time_s << ',' << round << ',' << o.hops
             << ',' << (contender.engine == Engine::ours ? o.events : o.hops) << ',' << o.active_s
             << ',' << o.setup_s << ',' << o.whole_s << ',' << o.bytes_per_agent << ','
             << o.activations << ',' << o.empty_activations << ',' << o.wakeups << ','
             << measurement.others_share << ',' << std::hex << std::setfill('0') << std::setw(16)
             << o.digest << std::dec << '\n';
      }
  return text.str();
}

} // namespace stos::bench

#include "libstos/world/run_summary.hpp"

#include "libstos/base/json_writer.hpp"
#include "libstos/base/plain_text.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <utility>

namespace stos {
namespace {

std::string network(const EngineCounters& counters) {
  if (counters.frames == 0)
    return {};
  PlainText text;
  text << "network         " << counters.remote_lambdas << " lambdas in " << counters.frames
       << " frames (" << counters.frame_bytes << " bytes), " << counters.rounds << " rounds";
  if (counters.moves > 0)
    text << ", " << counters.moves << " moves of agents";
  text << '\n';
  return text.str();
}

// What a modeller can do something about: whether workers were busy, and else which agents are too
// near to each other.
std::string parallelism(const RunSummary& summary) {
  const EngineCounters& counters = summary.engine_counters;
  if (counters.workers < 2 || summary.wall_time_s <= 0)
    return {};
  const auto percent = [](double part, double whole) { return std::lround(100 * part / whole); };
  PlainText text;
  text << "parallel        " << std::fixed << std::setprecision(1)
       << counters.busy_s / summary.wall_time_s << " of " << counters.workers << " workers busy";
  if (counters.events_together > 0)
    text << ", "
         << percent(static_cast<double>(counters.events_together),
                    static_cast<double>(summary.absorbed))
         << " % of the events by one alone";
  if (counters.waits > 0)
    text << ", " << counters.waits << " waits";
  if (!counters.held_back.agent.empty()) {
    text << "; held back: " << counters.held_back.agent;
    if (counters.waits > 0)
      text << " (" << percent(counters.held_back.waits, static_cast<double>(counters.waits))
           << " % of the waits)";
  }
  text << '\n';
  return text.str();
}

// The first ones and the last ones, if there are many.
std::string cuts_of(const std::vector<CutRecord>& cuts) {
  constexpr std::size_t shown_at_each_end = 5;
  PlainText text;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (i == shown_at_each_end && cuts.size() > 2 * shown_at_each_end) {
      i = cuts.size() - shown_at_each_end;
      text << "                ... " << i - shown_at_each_end << " more\n";
    }
    text << "state           " << cuts[i].state_digest.to_string() << " at " << cuts[i].time
         << " s (" << cuts[i].agents << " agents, " << cuts[i].bytes << " bytes)\n";
  }
  return text.str();
}

} // namespace

void RunCounters::add(const RunCounters& other) {
  if (other.absorbed > 0)
    last_event_time =
        absorbed > 0 ? std::max(last_event_time, other.last_event_time) : other.last_event_time;
  agents_born += other.agents_born;
  agents_died += other.agents_died;
  sent += other.sent;
  absorbed += other.absorbed;
  in_flight += other.in_flight;
  dropped += other.dropped;
  digest.add(other.digest);
  values.add(other.values);
}

void EngineCounters::add(const EngineCounters& other) {
  activations += other.activations;
  empty_activations += other.empty_activations;
  wakeups += other.wakeups;
  frames += other.frames;
  frame_bytes += other.frame_bytes;
  remote_lambdas += other.remote_lambdas;
  rounds = std::max(rounds, other.rounds);
  moves += other.moves;
  workers += other.workers;
  busy_s += other.busy_s;
  events_together += other.events_together;
  waits += other.waits;
  if (held_back.agent.empty() || other.held_back.waits > held_back.waits)
    held_back = other.held_back;
}

RunDigest RunSummary::value_digest() const {
  RunDigest sum = values;
  for (const Report& report : reports.all())
    sum.add_hash(hash_of(report));
  return sum;
}

std::string RunSummary::digests() const {
  return digest.to_string() + (all_values ? " " + value_digest().to_string() : "");
}

std::string RunSummary::to_string() const {
  PlainText text;
  text << "engine          " << engine << '\n';
  if (!began_from.empty())
    text << "went on from    " << began_from << '\n';
  text << "agents          " << agents_born << " born, " << agents_died << " died, "
       << agents_born - agents_died
       << (is_complete ? " reached the boundary\n" : " were left when the run ended early\n")
       << "events          " << absorbed << " (" << sent << " lambdas sent, " << in_flight
       << " in flight at the end, " << dropped << " dropped at the dead)\n"
       << "simulated time  " << end_time << " s (last event at " << last_event_time << " s)\n"
       << "wall time       " << wall_time_s << " s (" << events_per_second() << " events/s)\n"
       << parallelism(*this) << network(engine_counters) << cuts_of(cuts) << "digest          "
       << digest.to_string()
       << (is_complete ? "\n" : " (of what had happened when the run ended early)\n")
       << "value digest    " << value_digest().to_string()
       << (all_values ? " (of all arguments)" : "") << '\n';
  return text.str();
}

std::string to_json(const RunSummary& summary, const std::optional<Error>& failure) {
  JsonWriter json;
  json.begin_object();
  json.member("digest", summary.digest.to_string());
  json.member("value_digest", summary.value_digest().to_string());
  json.member("is_complete", summary.is_complete);
  if (failure) {
    json.begin_object("error");
    json.member("code", to_string(failure->code));
    json.member("text", failure->context);
    json.end_object();
  }
  json.member("engine", summary.engine);
  if (!summary.began_from.empty())
    json.member("began_from", summary.began_from);
  json.member("end_time", summary.end_time);
  json.member("last_event_time", summary.last_event_time);
  json.member("wall_time", summary.wall_time_s);
  for (const auto& [name, count] :
       {std::pair("agents_born", summary.agents_born),
        std::pair("agents_died", summary.agents_died), std::pair("events", summary.absorbed),
        std::pair("sent", summary.sent), std::pair("in_flight", summary.in_flight),
        std::pair("dropped", summary.dropped),
        std::pair("reports", std::uint64_t{summary.reports.all().size()})})
    json.member(name, count);
  json.begin_array("observations");
  for (const Observation& each : summary.observations.all()) {
    json.begin_object();
    json.member("time", each.time);
    json.member("observer", each.observer);
    json.member("count", each.seen.count());
    json.member("sum", each.seen.sum());
    json.member("mean", each.seen.mean());
    json.member("least", each.seen.least());
    json.member("greatest", each.seen.greatest());
    if (!each.seen.bins().empty()) {
      json.begin_array("bounds");
      for (const double bound : each.seen.bins().bounds())
        json.value(bound);
      json.end_array();
      json.begin_array("counts");
      for (const std::uint64_t count : each.seen.bins().counts())
        json.value(count);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  json.begin_array("cuts");
  for (const CutRecord& cut : summary.cuts) {
    json.begin_object();
    json.member("time", cut.time);
    json.member("state", cut.state_digest.to_string());
    json.member("agents", cut.agents);
    json.member("bytes", cut.bytes);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

} // namespace stos

#include "libstos/cluster/status/run_outcome.hpp"

#include "libstos/cluster/wire/instant_bytes.hpp"
#include "libstos/world/counters_bytes.hpp"
#include "libstos/world/report_bytes.hpp"
#include "libstos/world/trace_bytes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stos::detail {
namespace {

void write_engine_counters(const EngineCounters& e, BytesWriter& out) {
  for (const std::uint64_t count :
       {e.activations, e.empty_activations, e.wakeups, e.frames, e.frame_bytes, e.remote_lambdas,
        e.rounds, e.moves, e.events_together, e.waits})
    out.u64(count);
  out.u32(e.workers);
  out.f64(e.busy_s);
  out.text(e.held_back.agent);
  out.f64(e.held_back.waits);
}

void read_engine_counters(EngineCounters& e, BytesReader& in) {
  for (std::uint64_t* count :
       {&e.activations, &e.empty_activations, &e.wakeups, &e.frames, &e.frame_bytes,
        &e.remote_lambdas, &e.rounds, &e.moves, &e.events_together, &e.waits})
    *count = in.u64();
  e.workers = in.u32();
  e.busy_s = in.f64();
  e.held_back.agent = in.text();
  e.held_back.waits = in.f64();
}

void write_failure(const Failure& failure, BytesWriter& out) {
  const EventKey& key = failure.key;
  write_instant(key.instant, out);
  out.u64(key.source.value);
  out.u32(key.channel.value);
  out.u64(key.sequence);
  out.u8(static_cast<std::uint8_t>(failure.error.code));
  out.text(failure.error.context);
}

Failure read_failure(BytesReader& in) {
  Failure failure;
  EventKey& key = failure.key;
  key.instant = read_instant(in);
  key.source.value = in.u64();
  key.channel.value = in.u32();
  key.sequence = in.u64();
  const std::optional<Errc> code = errc_from(in.u8());
  if (!code)
    in.fail();
  failure.error.code = code.value_or(Errc::internal);
  failure.error.context = in.text();
  return failure;
}

} // namespace

void RunOutcome::add(RunOutcome other) {
  counters.add(other.counters);
  engine_counters.add(other.engine_counters);
  if (other.failure && (!failure || other.failure->key < failure->key))
    failure = std::move(other.failure);
  std::move(other.reports.begin(), other.reports.end(), std::back_inserter(reports));
  add_observations(observations, std::move(other.observations));
  std::ranges::move(other.streamed.trace, std::back_inserter(streamed.trace));
  std::ranges::move(other.streamed.records, std::back_inserter(streamed.records));
  trace_records += other.trace_records;
}

std::vector<std::byte> encode(const RunOutcome& outcome) {
  BytesWriter out;
  write_counters(outcome.counters, out);
  write_engine_counters(outcome.engine_counters, out);
  out.u8(outcome.failure ? 1 : 0);
  if (outcome.failure)
    write_failure(*outcome.failure, out);
  write_reports(outcome.reports, out);
  write_observations(outcome.observations, out);
  write_trace(outcome.streamed.trace, out);
  write_reports(outcome.streamed.records, out);
  out.varint(outcome.trace_records);
  return out.take();
}

Result<RunOutcome> decode_outcome(std::span<const std::byte> bytes,
                                  std::deque<std::string>& names) {
  BytesReader in(bytes);
  RunOutcome outcome;
  read_counters(outcome.counters, in);
  read_engine_counters(outcome.engine_counters, in);
  if (in.u8() != 0)
    outcome.failure = read_failure(in);
  read_reports(outcome.reports, in);
  outcome.observations = read_observations(in);
  read_trace(outcome.streamed.trace, names, in);
  read_reports(outcome.streamed.records, in);
  outcome.trace_records = in.varint();
  if (!in.at_end())
    return Error{Errc::bad_message, "the outcome of a run that cannot be read (" +
                                        std::to_string(bytes.size()) + " bytes)"};
  return outcome;
}

} // namespace stos::detail

#include "actors/run/output_streams.hpp"

#include "libstos/world/resumption.hpp"

namespace stos::detail {
namespace {

template <class Lines>
typename LineStream<Lines>::Beginning beginning(const World& world, bool is_first,
                                                OutputStreams::Text text) {
  typename LineStream<Lines>::Beginning here;
  here.is_first = is_first;
  here.may_be_cut = text == OutputStreams::Text::is_kept;
  if (world.resumption != nullptr)
    here.time = world.resumption->time;
  return here;
}

LineStream<TraceLines>::Beginning trace_from(const World& world, bool is_first,
                                             OutputStreams::Text text) {
  auto here = beginning<TraceLines>(world, is_first, text);
  here.before = world.streamed_before.traced;
  here.later = world.streamed_before.trace;
  here.joined_lines = world.streamed_before.trace_records;
  return here;
}

LineStream<RecordLines>::Beginning records_from(World& world, bool is_first,
                                                OutputStreams::Text text) {
  auto here = beginning<RecordLines>(world, is_first, text);
  here.before = world.streamed_before.recorded;
  here.later = world.resumption != nullptr ? world.streamed_before.records
                                           : std::exchange(world.setup.records, {});
  return here;
}

} // namespace

OutputStreams::OutputStreams(World& world, bool is_first, Text text)
    : trace_records_before_(world.streamed_before.trace_records),
      trace_(world.options, trace_from(world, is_first, text)),
      records_(world.options, records_from(world, is_first, text)) {
  world.streamed_before.traced.clear();
  world.streamed_before.recorded.clear();
}

void OutputStreams::take(const WorldAtStop& stop) {
  for (std::vector<TraceRecord>* lines : stop.trace)
    trace_.take(std::exchange(*lines, {}));
  for (std::vector<Report>* lines : stop.records)
    records_.take(std::exchange(*lines, {}));
}

Streamed OutputStreams::since_last_cut() const {
  Streamed lines;
  lines.trace = trace_.since_last_cut();
  lines.records = records_.since_last_cut();
  return lines;
}

void OutputStreams::forget(double time) {
  trace_.forget(time);
  records_.forget(time);
}

void OutputStreams::join(double time, Streamed& of_cut) {
  of_cut.trace = trace_.join(time, std::move(of_cut.trace));
  of_cut.records = records_.join(time, std::move(of_cut.records));
  of_cut.traced = trace_.text();
  of_cut.recorded = records_.text();
  of_cut.trace_records = trace_.joined_lines();
}

void OutputStreams::join(double time) {
  (void)trace_.join(time, trace_.since_last_cut());
  (void)records_.join(time, records_.since_last_cut());
}

std::optional<Error> OutputStreams::release() {
  auto problem = trace_.release();
  auto other = records_.release();
  return problem ? problem : other;
}

std::optional<Error> OutputStreams::end(Streamed of_others, const std::optional<Failure>& failure) {
  auto problem = trace_.end(std::move(of_others.trace), failure);
  auto other = records_.end(std::move(of_others.records), failure);
  return problem ? problem : other;
}

} // namespace stos::detail

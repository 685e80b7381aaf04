#include "libstos/world/trace_bytes.hpp"

#include "libstos/spacetime/trajectory_bytes.hpp"

#include <map>
#include <string_view>

namespace stos::detail {
namespace {

void write_record(const TraceRecord& r, std::uint64_t type, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(r.kind));
  out.u64(r.agent.value);
  out.varint(type);
  out.varint(r.ordinal);
  write_point(r.point, out);
  out.f64(r.local_time);
  write_velocity(r.velocity, out);
  out.u64(r.source.value);
  out.u32(r.channel.value);
  out.u64(r.sequence);
  write_point(r.emission, out);
  out.u64(r.lambda_id);
}

TraceRecord read_record(const std::vector<const char*>& types, BytesReader& in) {
  TraceRecord r;
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(TraceRecord::Kind::end))
    in.fail();
  r.kind = static_cast<TraceRecord::Kind>(kind);
  r.agent.value = in.u64();
  const std::uint64_t type = in.varint();
  if (type < types.size())
    r.type = types[type];
  else
    in.fail();
  r.ordinal = in.varint();
  r.point = read_point(in);
  r.local_time = in.f64();
  if (!read_velocity(in, r.velocity))
    in.fail();
  r.source.value = in.u64();
  r.channel.value = in.u32();
  r.sequence = in.u64();
  r.emission = read_point(in);
  r.lambda_id = in.u64();
  return r;
}

} // namespace

void write_trace(std::span<const TraceRecord> trace, BytesWriter& out) {
  std::map<std::string_view, std::uint64_t> types;
  std::vector<std::string_view> in_order;
  for (const TraceRecord& record : trace)
    if (types.try_emplace(record.type, types.size()).second)
      in_order.emplace_back(record.type);
  out.varint(in_order.size());
  for (const std::string_view type : in_order)
    out.text(type);
  out.varint(trace.size());
  for (const TraceRecord& record : trace)
    write_record(record, types[record.type], out);
}

void read_trace(std::vector<TraceRecord>& trace, std::deque<std::string>& names, BytesReader& in) {
  std::vector<const char*> types;
  for (std::size_t left = in.count(1); left > 0; --left)
    types.push_back(names.emplace_back(in.text()).c_str());
  constexpr std::size_t bytes_each = 135; // with the shortest numbers
  for (std::size_t left = in.count(bytes_each); left > 0 && in.ok(); --left)
    trace.push_back(read_record(types, in));
}

} // namespace stos::detail

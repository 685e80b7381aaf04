#include "libstos/image/record_bytes.hpp"

#include "libstos/spacetime/trajectory_bytes.hpp"

namespace stos::detail {
namespace {

void write_extras(const CellExtras& extras, BytesWriter& out) {
  out.f64(extras.exit_time);
  out.f64(extras.last_emission);
  out.varint(extras.injected);
  out.varint(extras.births);
  out.varint(extras.reports);
  out.varint(extras.pending_turns.size());
  for (const PendingTurn& turn : extras.pending_turns) {
    out.f64(turn.local_time);
    write_velocity(turn.velocity, out);
  }
}

bool read_extras(BytesReader& in, CellExtras& extras) {
  extras.exit_time = in.f64();
  extras.last_emission = in.f64();
  extras.injected = in.varint();
  extras.births = in.varint();
  extras.reports = in.varint();
  constexpr std::size_t turn_bytes = 32;
  for (std::size_t left = in.count(turn_bytes); left > 0; --left) {
    PendingTurn turn{in.f64(), {}};
    if (!read_velocity(in, turn.velocity))
      return false;
    extras.pending_turns.push_back(turn);
  }
  return in.ok();
}

// Extras that hold nothing are none: whether there are some depends on what was looked up.
bool holds_something(const CellExtras& extras) {
  const CellExtras none;
  return extras.exit_time != none.exit_time || extras.last_emission != none.last_emission ||
         !extras.pending_turns.empty() || extras.injected > 0 || extras.births > 0 ||
         extras.reports > 0;
}

} // namespace

void write_record(const Cell& cell, BytesWriter& out) {
  out.u64(cell.id.value);
  out.u64(cell.ops->type_id);
  write_trajectory(cell.path, out);
  out.f64(cell.now);
  out.u64(cell.digest.value());
  out.u64(cell.random.state());
  out.varint(cell.timers_set);
  out.varint(cell.events);
  out.varint(cell.channels_opened);
  const bool has_extras = cell.extras != nullptr && holds_something(*cell.extras);
  out.u8(has_extras ? 1 : 0);
  if (has_extras)
    write_extras(*cell.extras, out);
}

RecordName read_record_name(BytesReader& in) {
  RecordName name;
  name.agent.value = in.u64();
  name.type_id = in.u64();
  return name;
}

bool read_record(BytesReader& in, Cell& cell) {
  if (!read_trajectory(in, cell.path))
    return false;
  cell.now = in.f64();
  cell.digest = EventDigest::from_value(in.u64());
  cell.random = RandomStream(in.u64());
  cell.timers_set = in.varint();
  cell.events = static_cast<std::uint32_t>(in.varint());
  cell.channels_opened = static_cast<std::uint32_t>(in.varint());
  return in.u8() == 0 ? in.ok() : read_extras(in, cell.require_extras());
}

} // namespace stos::detail

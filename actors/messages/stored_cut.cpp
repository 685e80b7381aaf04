#include "actors/messages/stored_cut.hpp"

#include "libstos/base/exact_text.hpp"

#include <cmath>

namespace stos::detail {
namespace {

Error unreadable() { return {Errc::bad_message, "what was cut cannot be read"}; }

} // namespace

std::string StoredCut::to_string() const {
  return "cut at " + exact_text(record.time) + " s: state " + record.state_digest.to_string() +
         ", " + std::to_string(record.agents) + " agents, a pause of " +
         std::to_string(std::lround(pause_s * 1e3)) + " ms";
}

void write_record(const CutRecord& record, BytesWriter& out) {
  out.f64(record.time);
  out.u64(record.state_digest.value());
  out.u64(record.agents);
  out.u64(record.bytes);
}

Result<CutRecord> read_record(BytesReader& in) {
  CutRecord record;
  record.time = in.f64();
  record.state_digest = RunDigest::from_value(in.u64());
  record.agents = in.u64();
  record.bytes = in.u64();
  if (!in.ok())
    return unreadable();
  return record;
}

std::vector<std::byte> encode(const StoredCut& cut) {
  BytesWriter out;
  write_record(cut.record, out);
  out.f64(cut.pause_s);
  out.text(cut.place);
  out.u64(cut.number);
  return out.take();
}

Result<StoredCut> decode_stored_cut(std::span<const std::byte> bytes) {
  BytesReader in(bytes);
  const Result<CutRecord> record = read_record(in);
  if (!record)
    return record.error();
  StoredCut cut;
  cut.record = *record;
  cut.pause_s = in.f64();
  cut.place = in.text();
  cut.number = in.u64();
  if (!in.at_end())
    return unreadable();
  return cut;
}

} // namespace stos::detail

#include "libstos/cluster/view/run_ledger.hpp"

namespace stos::detail {

void write_note(const RunNote& note, BytesWriter& out) {
  out.text(note.simulation);
  out.u64(note.lineage);
  out.u8(note.is_over ? 1 : 0);
}

RunNote read_note(BytesReader& in) {
  RunNote note;
  note.simulation = in.text();
  note.lineage = in.u64();
  const std::uint8_t is_over = in.u8();
  if (is_over > 1)
    in.fail();
  note.is_over = is_over == 1;
  return note;
}

bool RunLedger::has(const RunNote& note) const {
  const auto run = runs_.find(note.simulation);
  if (note.is_over)
    return run == runs_.end() || run->second != note.lineage;
  return run == runs_.end() ? runs_.size() >= runs_max : run->second == note.lineage;
}

void RunLedger::enter(const RunNote& note) {
  if (has(note))
    return;
  if (note.is_over)
    runs_.erase(note.simulation);
  else
    runs_[note.simulation] = note.lineage;
}

std::uint64_t RunLedger::lineage_of(const std::string& simulation) const {
  const auto run = runs_.find(simulation);
  return run == runs_.end() ? 0 : run->second;
}

void RunLedger::write(BytesWriter& out) const {
  out.varint(runs_.size());
  for (const auto& [simulation, lineage] : runs_)
    write_note(RunNote{simulation, lineage, false}, out);
}

RunLedger RunLedger::read(BytesReader& in) {
  constexpr std::size_t least_bytes = 10; // of a note
  RunLedger ledger;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left)
    ledger.enter(read_note(in));
  return ledger;
}

} // namespace stos::detail

#include "libstos/raft/entry.hpp"

#include "libstos/base/assert.hpp"

namespace stos::raft {
namespace {

LogIndex first_of(const Recovered& state) {
  return state.snapshot ? state.snapshot->last.index.next() : LogIndex{1};
}

void take_in(const SnapshotPtr& snapshot, Recovered& state) {
  const LogIndex first = first_of(state);
  const LogIndex last = snapshot->last.index;
  state.snapshot = snapshot;
  if (last < first) {
    state.entries.clear();
    return;
  }
  const std::size_t at = last.value - first.value;
  if (at >= state.entries.size() || state.entries[at]->term != snapshot->last.term)
    state.entries.clear();
  else
    state.entries.erase(state.entries.begin(),
                        state.entries.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

std::uint64_t read_number(BytesReader& in) {
  const std::uint64_t number = in.varint();
  if (number <= number_max)
    return number;
  in.fail();
  return 0;
}

} // namespace

Term read_term(BytesReader& in) { return {read_number(in)}; }

LogIndex read_index(BytesReader& in) { return {read_number(in)}; }

EntryId read_entry_id(BytesReader& in) {
  const Term term = read_term(in);
  return {term, read_index(in)};
}

void write(EntryId id, BytesWriter& out) {
  out.varint(id.term.value);
  out.varint(id.index.value);
}

void write_data(std::span<const std::byte> data, BytesWriter& out) {
  out.varint(data.size());
  out.raw(data);
}

std::vector<std::byte> read_data(BytesReader& in) {
  const std::span<const std::byte> data = in.raw(in.count(1));
  return {data.begin(), data.end()};
}

void apply(const Persist& persist, Recovered& state) {
  if (persist.hard_state)
    state.hard_state = *persist.hard_state;
  if (persist.snapshot)
    take_in(persist.snapshot, state);
  if (persist.entries.empty())
    return;
  const LogIndex begin = persist.entries.front()->index;
  const LogIndex first = first_of(state);
  STOS_ASSERT(begin >= first && begin.value - first.value <= state.entries.size(),
              "entry " + to_string(begin) + " behind " + std::to_string(state.entries.size()) +
                  " from " + to_string(first) + " on");
  state.entries.resize(begin.value - first.value);
  state.entries.insert(state.entries.end(), persist.entries.begin(), persist.entries.end());
}

} // namespace stos::raft

#include "store/log_records.hpp"

#include "libstos/base/bytes.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/base/hash.hpp"

#include <cstring>
#include <memory>

namespace stos::detail {
namespace {

constexpr std::uint64_t segment_mark = 0x31'67'6f'6c'73'6f'74'73; // "stoslog1"
constexpr std::uint32_t record_mark = 0x21'63'65'72;              // "rec!"

// What a change of a group has.
constexpr std::uint8_t has_hard_state = 1;
constexpr std::uint8_t has_snapshot = 2;
constexpr std::uint8_t has_entries = 4;
constexpr std::uint8_t is_gone = 8;

std::uint64_t seed_of(std::uint64_t segment, std::uint64_t offset) {
  return mix64(segment) + offset;
}

void write(const raft::Persist& persist, BytesWriter& out) {
  if (persist.hard_state) {
    out.varint(persist.hard_state->term.value);
    out.varint(persist.hard_state->vote.value);
  }
  if (persist.snapshot) {
    raft::write(persist.snapshot->last, out);
    raft::write(persist.snapshot->configuration, out);
    raft::write_data(persist.snapshot->data, out);
  }
  if (persist.entries.empty())
    return;
  out.varint(persist.entries.front()->index.value);
  out.varint(persist.entries.size());
  for (const raft::EntryPtr& entry : persist.entries) {
    out.varint(entry->term.value);
    out.u8(static_cast<std::uint8_t>(entry->kind));
    raft::write_data(entry->data, out);
  }
}

void write(const LogChange& change, BytesWriter& out) {
  out.varint(change.group.value);
  if (!change.persist) {
    out.u8(is_gone);
    return;
  }
  const raft::Persist& persist = *change.persist;
  out.u8(static_cast<std::uint8_t>((persist.hard_state ? has_hard_state : 0) |
                                   (persist.snapshot ? has_snapshot : 0) |
                                   (persist.entries.empty() ? 0 : has_entries)));
  write(persist, out);
}

raft::SnapshotPtr read_snapshot(BytesReader& in) {
  raft::Snapshot snapshot;
  snapshot.last = raft::read_entry_id(in);
  snapshot.configuration = raft::read_configuration(in);
  snapshot.data = raft::read_data(in);
  return std::make_shared<const raft::Snapshot>(std::move(snapshot));
}

void read_entries(BytesReader& in, std::vector<raft::EntryPtr>& entries) {
  constexpr std::size_t least_bytes = 3;
  std::uint64_t index = raft::read_index(in).value;
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left, ++index) {
    auto entry = std::make_shared<raft::Entry>();
    entry->term = raft::read_term(in);
    entry->index = {index};
    const std::uint8_t kind = in.u8();
    entry->kind = static_cast<raft::EntryKind>(kind);
    entry->data = raft::read_data(in);
    if (kind > static_cast<std::uint8_t>(raft::EntryKind::first_of_term))
      in.fail();
    if (entry->kind == raft::EntryKind::configuration) {
      BytesReader configuration(entry->data);
      static_cast<void>(raft::read_configuration(configuration));
      if (!configuration.at_end())
        in.fail();
    }
    entries.push_back(std::move(entry));
  }
}

/// Whether the entries go on where those of the state end, or take the place of some.
bool fits(const std::vector<raft::EntryPtr>& entries, const raft::Recovered& state) {
  if (entries.empty())
    return true;
  const std::uint64_t first = state.snapshot ? state.snapshot->last.index.value + 1 : 1;
  const std::uint64_t begin = entries.front()->index.value;
  return begin >= first && begin - first <= state.entries.size();
}

bool replay_change(BytesReader& in, LogState& state) {
  const raft::GroupId group{in.varint()};
  const std::uint8_t has = in.u8();
  if (!in.ok())
    return false;
  if (has == is_gone) {
    state.erase(group);
    return true;
  }
  raft::Persist persist;
  if (has & has_hard_state) {
    const raft::Term term = raft::read_term(in);
    persist.hard_state = raft::HardState{term, {in.varint()}};
  }
  if (has & has_snapshot)
    persist.snapshot = read_snapshot(in);
  if (has & has_entries)
    read_entries(in, persist.entries);
  if (!in.ok() || has > (has_hard_state | has_snapshot | has_entries))
    return false;
  raft::Recovered& of_group = state[group];
  raft::apply({persist.hard_state, persist.snapshot, {}}, of_group);
  if (!fits(persist.entries, of_group))
    return false;
  raft::apply({std::nullopt, nullptr, std::move(persist.entries)}, of_group);
  return true;
}

} // namespace

std::vector<std::byte> segment_header(std::uint64_t number, bool begins) {
  BytesWriter out;
  out.u64(segment_mark);
  out.u64(number);
  out.u64(begins ? 1 : 0);
  out.u64(hash_bytes(out.bytes(), segment_mark));
  return out.take();
}

std::optional<SegmentHeader> read_segment_header(std::span<const std::byte> segment) {
  if (segment.size() < segment_header_bytes)
    return std::nullopt;
  BytesReader in(segment);
  const std::uint64_t mark = in.u64();
  const std::uint64_t number = in.u64();
  const std::uint64_t begins = in.u64();
  const std::uint64_t hash = in.u64();
  if (mark != segment_mark || hash != hash_bytes(segment.first(24), segment_mark) || begins > 1)
    return std::nullopt;
  return SegmentHeader{number, begins == 1};
}

bool append_record(std::span<const LogChange> changes, std::uint64_t segment, std::uint64_t offset,
                   std::vector<std::byte>& out) {
  const std::size_t begin = out.size();
  {
    BytesWriter writer(out);
    writer.u32(record_mark);
    writer.u32(0);
    writer.u64(0);
    for (const LogChange& change : changes)
      write(change, writer);
  }
  const std::size_t size = out.size() - begin - record_header_bytes;
  if (size > record_bytes_max) {
    out.resize(begin);
    return false;
  }
  const std::span<const std::byte> content = std::span(out).subspan(begin + record_header_bytes);
  const std::uint32_t size_word = little_endian(static_cast<std::uint32_t>(size));
  const std::uint64_t hash = little_endian(hash_bytes(content, seed_of(segment, offset) + size));
  std::memcpy(out.data() + begin + 4, &size_word, sizeof size_word);
  std::memcpy(out.data() + begin + 8, &hash, sizeof hash);
  while ((out.size() - begin) % record_alignment != 0)
    out.push_back({});
  return true;
}

std::optional<FoundRecord> record_at(std::span<const std::byte> segment, std::uint64_t number,
                                     std::uint64_t offset) {
  if (offset > segment.size() || segment.size() - offset < record_header_bytes)
    return std::nullopt;
  BytesReader in(segment.subspan(offset));
  const std::uint32_t mark = in.u32();
  const std::uint64_t size = in.u32();
  const std::uint64_t hash = in.u64();
  if (mark != record_mark || size > in.remaining())
    return std::nullopt;
  const std::span<const std::byte> content = in.raw(size);
  if (hash != hash_bytes(content, seed_of(number, offset) + size))
    return std::nullopt;
  std::uint64_t end = offset + record_header_bytes + size;
  end = (end + record_alignment - 1) / record_alignment * record_alignment;
  if (end > segment.size())
    return std::nullopt;
  return FoundRecord{content, end};
}

std::optional<std::uint64_t> next_record(std::span<const std::byte> segment, std::uint64_t number,
                                         std::uint64_t offset) {
  for (; offset + record_header_bytes <= segment.size(); offset += record_alignment)
    if (record_at(segment, number, offset))
      return offset;
  return std::nullopt;
}

bool replay(std::span<const std::byte> content, LogState& state) {
  BytesReader in(content);
  while (in.remaining() > 0)
    if (!replay_change(in, state))
      return false;
  return in.ok();
}

void replay(std::span<const LogChange> changes, LogState& state) {
  for (const LogChange& change : changes) {
    if (change.persist)
      raft::apply(*change.persist, state[change.group]);
    else
      state.erase(change.group);
  }
}

} // namespace stos::detail

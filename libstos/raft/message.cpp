#include "libstos/raft/message.hpp"

#include <array>
#include <utility>

namespace stos::raft {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool read_flag(BytesReader& in) {
  const std::uint8_t value = in.u8();
  if (value > 1)
    in.fail();
  return value == 1;
}

// Indices follow from the place, so they are not written.
void write(const Entry& entry, BytesWriter& out) {
  out.varint(entry.term.value);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  write_data(entry.data, out);
}

bool makes_sense(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::command: return true;
    case EntryKind::first_of_term: return entry.data.empty();
    case EntryKind::configuration: {
      BytesReader in(entry.data);
      static_cast<void>(read_configuration(in));
      return in.at_end();
    }
  }
  return false;
}

EntryPtr read_entry(EntryId previous, BytesReader& in) {
  auto entry = std::make_shared<Entry>();
  entry->term = read_term(in);
  entry->index = previous.index.next();
  entry->kind = static_cast<EntryKind>(in.u8());
  entry->data = read_data(in);
  if (!in.ok() || entry->term < previous.term || entry->index.value > number_max ||
      !makes_sense(*entry))
    in.fail();
  return entry;
}

void write_body(const Body& body, BytesWriter& out) {
  std::visit(Overloaded{
                 [&](const VoteRequest& x) {
                   out.u8(x.pre);
                   out.u8(x.forced);
                   raft::write(x.last, out);
                 },
                 [&](const VoteReply& x) {
                   out.u8(x.pre);
                   out.u8(x.granted);
                 },
                 [&](const Append& x) {
                   raft::write(x.previous, out);
                   out.varint(x.commit.value);
                   out.varint(x.round);
                   out.varint(x.entries.size());
                   for (const EntryPtr& entry : x.entries)
                     write(*entry, out);
                 },
                 [&](const AppendReply& x) {
                   out.varint(x.index.value);
                   out.u8(x.rejected);
                   raft::write(x.hint, out);
                   out.varint(x.round);
                 },
                 [&](const Heartbeat& x) {
                   out.varint(x.commit.value);
                   out.varint(x.acknowledged.value);
                   out.varint(x.round);
                   out.u8(x.sleep);
                 },
                 [&](const HeartbeatReply& x) { out.varint(x.round); },
                 [&](const SnapshotPiece& x) {
                   raft::write(x.last, out);
                   raft::write(x.configuration, out);
                   out.varint(x.size);
                   out.varint(x.offset);
                   out.varint(x.round);
                   write_data(x.data, out);
                 },
                 [&](const SnapshotReply& x) {
                   out.varint(x.index.value);
                   out.varint(x.offset);
                   out.varint(x.round);
                 },
                 [&](const TimeoutNow&) {},
                 [&](const ReadRequest& x) { out.varint(x.id); },
                 [&](const ReadReply& x) {
                   out.varint(x.id);
                   out.u8(x.index.has_value());
                   if (x.index)
                     out.varint(x.index->value);
                 },
                 [&](const ElectionMessage& x) { out.u8(static_cast<std::uint8_t>(x)); },
             },
             body);
}

Append read_append(BytesReader& in) {
  constexpr std::size_t least_bytes = 3; // of an entry
  Append append;
  append.previous = read_entry_id(in);
  append.commit = read_index(in);
  append.round = in.varint();
  const std::size_t size = in.count(least_bytes);
  append.entries.reserve(size);
  EntryId previous = append.previous;
  while (append.entries.size() < size && in.ok()) {
    append.entries.push_back(read_entry(previous, in));
    previous = append.entries.back()->id();
  }
  return append;
}

SnapshotPiece read_piece(BytesReader& in) {
  SnapshotPiece piece;
  piece.last = read_entry_id(in);
  piece.configuration = read_configuration(in);
  piece.size = in.varint();
  piece.offset = in.varint();
  piece.round = in.varint();
  piece.data = read_data(in);
  if (piece.offset > piece.size || piece.data.size() > piece.size - piece.offset)
    in.fail();
  return piece;
}

AppendReply read_append_reply(BytesReader& in) {
  AppendReply reply;
  reply.index = read_index(in);
  reply.rejected = read_flag(in);
  reply.hint = read_entry_id(in);
  reply.round = in.varint();
  return reply;
}

ReadReply read_read_reply(BytesReader& in) {
  ReadReply reply;
  reply.id = in.varint();
  if (read_flag(in))
    reply.index = read_index(in);
  return reply;
}

ElectionMessage read_election(BytesReader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(ElectionMessage::coordinator))
    in.fail();
  return static_cast<ElectionMessage>(value);
}

// Braces, so that the order of evaluation is that of the bytes.
Body read_body(std::size_t kind, BytesReader& in) {
  switch (kind) {
    case 0: {
      const bool pre = read_flag(in);
      const bool forced = read_flag(in);
      return VoteRequest{pre, forced, read_entry_id(in)};
    }
    case 1: {
      const bool pre = read_flag(in);
      return VoteReply{pre, read_flag(in)};
    }
    case 2: return read_append(in);
    case 3: return read_append_reply(in);
    case 4: {
      const LogIndex commit = read_index(in);
      const LogIndex acknowledged = read_index(in);
      const std::uint64_t round = in.varint();
      return Heartbeat{commit, acknowledged, round, read_flag(in)};
    }
    case 5: return HeartbeatReply{in.varint()};
    case 6: return read_piece(in);
    case 7: {
      const LogIndex index = read_index(in);
      const std::uint64_t offset = in.varint();
      return SnapshotReply{index, offset, in.varint()};
    }
    case 8: return TimeoutNow{};
    case 9: return ReadRequest{in.varint()};
    case 10: return read_read_reply(in);
    case 11: return read_election(in);
    default: in.fail(); return TimeoutNow{};
  }
}

} // namespace

std::string_view kind_of(const Message& message) {
  static constexpr std::array<std::string_view, std::variant_size_v<Body>> names = {
      "vote_request", "vote_reply",      "append",         "append_reply",
      "heartbeat",    "heartbeat_reply", "snapshot_piece", "snapshot_reply",
      "timeout_now",  "read_request",    "read_reply",     "election"};
  return names[message.body.index()];
}

void write(const Message& message, BytesWriter& out) {
  out.u8(static_cast<std::uint8_t>(message.body.index()));
  out.varint(message.from.value);
  out.varint(message.to.value);
  out.varint(message.term.value);
  write_body(message.body, out);
}

Message read_message(BytesReader& in) {
  const std::uint8_t kind = in.u8();
  Message message;
  message.from = {in.varint()};
  message.to = {in.varint()};
  message.term = read_term(in);
  message.body = read_body(kind, in);
  if (!message.from || !message.to)
    in.fail();
  return message;
}

} // namespace stos::raft

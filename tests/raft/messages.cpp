#include "libstos/raft/groups.hpp"
#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;

namespace {

std::vector<std::byte> written(const Message& message) {
  BytesWriter out;
  write(message, out);
  return out.take();
}

std::vector<Message> one_of_each() {
  BytesWriter out;
  write(Configuration{{{1}, {300}}, {{1}, {2}}, {{4}}}, out);
  const auto command = std::make_shared<const Entry>(
      Entry{{3}, {11}, EntryKind::command, test::bytes_of_text("do it")});
  const auto configuration =
      std::make_shared<const Entry>(Entry{{3}, {12}, EntryKind::configuration, out.take()});
  const auto first = std::make_shared<const Entry>(Entry{{4}, {13}, EntryKind::first_of_term, {}});
  std::vector<Message> messages;
  for (Body body : std::initializer_list<Body>{
           VoteRequest{true, false, {{3}, {7}}}, VoteReply{false, true},
           Append{{{3}, {10}}, {9}, 5, {command, configuration, first}},
           AppendReply{{10}, true, {{2}, {4}}, 6}, Heartbeat{{9}, {8}, 7, true},
           HeartbeatReply{1ull << 60},
           SnapshotPiece{{{3}, {7}}, {{{1}}, {}, {}}, 10, 3, 8, test::bytes_of_text("abc")},
           SnapshotReply{{7}, 6, 9}, TimeoutNow{}, ReadRequest{77}, ReadReply{78, LogIndex{3}},
           ReadReply{79, std::nullopt}, ElectionMessage::coordinator})
    messages.push_back({{1}, {2}, {4}, std::move(body)});
  return messages;
}

} // namespace

TEST_CASE("each kind of message is read as it was written") {
  std::set<std::string_view> kinds;
  for (const Message& message : one_of_each()) {
    kinds.insert(kind_of(message));
    const std::vector<std::byte> bytes = written(message);
    BytesReader in(bytes);
    const Message again = read_message(in);
    CHECK(in.at_end());
    CHECK(again.body.index() == message.body.index());
    CHECK(again.term == message.term);
    CHECK(written(again) == bytes);
    if (const auto* append = std::get_if<Append>(&again.body)) {
      CHECK(append->entries[2]->index == LogIndex{13});
      CHECK(append->entries[0]->data == test::bytes_of_text("do it"));
    }
    // Whatever is cut off is no message.
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::span<const std::byte> all(bytes);
      BytesReader cut(all.first(size));
      static_cast<void>(read_message(cut));
      CHECK(!cut.ok());
    }
  }
  CHECK(kinds.size() == std::variant_size_v<Body>);
}

TEST_CASE("messages that no node sends are refused") {
  const auto is_refused = [](Body body) {
    const std::vector<std::byte> bytes = written({{1}, {2}, {4}, std::move(body)});
    BytesReader in(bytes);
    static_cast<void>(read_message(in));
    return !in.ok();
  };
  const auto entry = [](std::uint64_t term, EntryKind kind, std::vector<std::byte> data = {}) {
    return std::make_shared<const Entry>(Entry{{term}, {11}, kind, std::move(data)});
  };
  CHECK(is_refused(Append{{{3}, {10}}, {}, 0, {entry(2, EntryKind::command)}}));
  CHECK(is_refused(Append{{{3}, {10}}, {}, 0, {entry(3, EntryKind::configuration)}}));
  CHECK(
      is_refused(Append{{{3}, {10}}, {}, 0, {entry(3, EntryKind::first_of_term, {std::byte{}})}}));
  CHECK(is_refused(Append{{{3}, {number_max}}, {}, 0, {entry(3, EntryKind::command)}}));
  CHECK(is_refused(SnapshotPiece{{{3}, {7}}, {}, 0, 0, 0, {}}));
  CHECK(is_refused(SnapshotPiece{{{3}, {7}}, {{{1}}, {}, {}}, 1, 2, 0, {}}));
  CHECK(is_refused(SnapshotPiece{{{3}, {7}}, {{{1}}, {}, {}}, 3, 2, 0, test::bytes_of_text("ab")}));
  CHECK(is_refused(static_cast<ElectionMessage>(9)));
}

TEST_CASE(
    "a frame is refused if its messages are of other nodes, or it does not end where it should") {
  Frame frame{{1}, {2}, 9, {}};
  for (const Message& message : one_of_each())
    frame.items.push_back({{5}, message});
  const auto bytes_of = [](const Frame& any) {
    BytesWriter out;
    write(any, out);
    return out.take();
  };
  std::vector<std::byte> bytes = bytes_of(frame);
  const Result<Frame> again = read_frame(bytes);
  REQUIRE(again);
  CHECK(again->items.size() == frame.items.size());
  CHECK(again->life == 9);
  CHECK(bytes_of(*again) == bytes);
  bytes.push_back({});
  CHECK(read_frame(bytes).error().code == Errc::bad_message);
  frame.items[1].message.from = {3};
  CHECK(read_frame(bytes_of(frame)).error().context == "no frame: message 2 of 13 makes no sense");
  CHECK(read_frame(std::vector{std::byte{7}}).error().context == "a frame of version 7, wanted 1");
}

TEST_CASE("options that make no sense are refused with the reason") {
  Options options;
  CHECK(check(options).error().context == "self is 0, wanted a node's id, from 1 on");
  options.self = {1};
  CHECK(check(options));
  options.lease_ticks = 9;
  CHECK(check(options).error().context == "lease_ticks is 9, wanted at most election_ticks - 2, 8");
  options.heartbeat_ticks = 6;
  CHECK(check(options).error().context ==
        "election_ticks is 10, wanted at least two heartbeats, 12");
  options.heartbeat_ticks = 0;
  CHECK(check(options).error().context == "heartbeat_ticks is 0, wanted at least 1");
}

#include "tests/raft/by_hand.hpp"

using namespace stos;
using namespace stos::raft;
using stos::test::ByHand;
using stos::test::bytes_of_text;
using stos::test::snapshot_of;

namespace {

EntryPtr entry(std::uint64_t term, std::uint64_t index, const std::string& command) {
  return std::make_shared<const Entry>(
      Entry{{term}, {index}, EntryKind::command, bytes_of_text(command)});
}

/// The log of a node, as the terms of its entries.
std::vector<std::uint64_t> terms(const Fsm& fsm) {
  std::vector<std::uint64_t> all;
  for (LogIndex index{1}; index <= fsm.log().last_index(); index = index.next())
    all.push_back(fsm.log().term_at(index)->value);
  return all;
}

using Terms = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("figure 8: a majority that has an entry of an older term does not commit it") {
  // Part (b) of the figure: S1 and S2 have an entry of term 2, S5 one of term 3.
  Options options;
  options.limits.append_entries_max = 1;
  ByHand group(5, options);
  const std::map<std::uint64_t, std::vector<EntryPtr>> logs = {
      {1, {entry(1, 1, "1"), entry(2, 2, "2")}},
      {2, {entry(1, 1, "1"), entry(2, 2, "2")}},
      {3, {entry(1, 1, "1")}},
      {4, {entry(1, 1, "1")}},
      {5, {entry(1, 1, "1"), entry(3, 2, "3")}}};
  for (const auto& [id, entries] : logs) {
    group.node(id).disk.entries = entries;
    group.node(id).disk.hard_state = {{3}, {}};
    group.crash(id);
    group.start(id);
  }
  // Part (c): S1 leads in term 4, and sends the entry of term 2 to S3, but nothing behind it.
  group.crash(5);
  for (std::uint64_t id = 2; id <= 4; ++id)
    group.tick(id, options.election_ticks);
  group.tick(1, 2 * options.election_ticks + 1);
  const auto of_term_4 = [](const Message& message) {
    const auto* append = std::get_if<Append>(&message.body);
    return append != nullptr && !append->entries.empty() &&
           append->entries.front()->term == Term{4};
  };
  group.take(1);
  while (!group.wire.empty()) {
    const Message message = group.wire.front();
    group.wire.pop_front();
    if (!of_term_4(message))
      group.deliver(message);
  }
  REQUIRE(group[1].leads());
  REQUIRE(group[1].term() == Term{4});
  REQUIRE(terms(group[1]) == Terms{1, 2, 4});
  for (const std::uint64_t id : {2, 3, 4})
    CHECK(terms(group[id]) == Terms{1, 2});
  CHECK(group[1].commit_index() == LogIndex{0});
  CHECK(group.node(1).applied.empty());

  SECTION("part (d): S5 may be elected, and then its entry takes the place") {
    group.crash(1);
    group.start(5);
    group.elect(5);
    group.tick_all(3);
    for (const std::uint64_t id : {2, 3, 4, 5}) {
      CHECK(terms(group[id]) == Terms{1, 3, 5});
      CHECK(group.node(id).applied == std::vector<std::string>{"1", "3"});
    }
  }
  SECTION("part (e): with an entry of term 4 behind it, it is committed, and S5 is not elected") {
    group.tick_all(5);
    REQUIRE(group.node(1).applied == std::vector<std::string>{"1", "2"});
    group.crash(1);
    group.start(5);
    group.campaign(5);
    CHECK(!group[5].leads());
  }
}

TEST_CASE("entries that were proposed together go to the disk and to each follower together") {
  ByHand group(3);
  group.elect(1);
  for (int i = 0; i < 100; ++i)
    group.propose(1, std::to_string(i));
  const Output output = group[1].take_output();
  CHECK(output.to_persist.entries.size() == 100);
  REQUIRE(output.to_send.size() == 2);
  CHECK(std::get<Append>(output.to_send[0].body).entries.size() == 100);
  CHECK(output.to_apply.empty());
}

TEST_CASE("a leader sends on without waiting for answers, up to its limits") {
  Options options;
  options.limits.append_entries_max = 2;
  options.limits.appends_in_flight_max = 3;
  ByHand group(2, options);
  group.elect(1);
  group.settle();
  for (int i = 0; i < 10; ++i)
    group.propose(1, std::to_string(i));
  group.take(1);
  CHECK(group.wire.size() == 3);
  group.settle();
  CHECK(group.node(1).applied.size() == 10);

  options.limits.append_entries_max = 100;
  options.limits.append_bytes_max = 3 * (entry_overhead_bytes + 10);
  options.limits.bytes_in_flight_max = 4 * (entry_overhead_bytes + 10);
  ByHand by_bytes(2, options);
  by_bytes.elect(1);
  for (int i = 0; i < 10; ++i)
    by_bytes.propose(1, "ten bytes.");
  by_bytes.take(1);
  REQUIRE(by_bytes.wire.size() == 2);
  CHECK(std::get<Append>(by_bytes.wire[0].body).entries.size() == 3);
  by_bytes.settle();
  CHECK(by_bytes.node(1).applied.size() == 10);
}

TEST_CASE("a leader takes in no more than its limits say") {
  Options options;
  options.limits.uncommitted_bytes_max = 3 * (entry_overhead_bytes + 1);
  options.limits.command_bytes_max = 1'000;
  ByHand group(3, options);
  group.elect(1);
  group.settle();
  CHECK(group[1].propose(std::vector<std::byte>(1'001)).error().context ==
        "a command of 1001 bytes, the limit is 1000");
  for (int i = 0; i < 3; ++i)
    group.propose(1, "x");
  const auto refused = group[1].propose(bytes_of_text("x"));
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::try_later);
  CHECK(refused.error().context == "195 bytes are not committed yet, the limit is 195");
  group.settle();
  group.propose(1, "y");
  // What is larger than the limit goes alone.
  group.settle();
  CHECK(group[1].propose(std::vector<std::byte>(900)));
}

TEST_CASE("what a cut-off leader has taken in gives way to what a majority has decided") {
  ByHand group(3);
  group.elect(1);
  group.cut_off(1);
  const EntryId lost = group.propose(1, "lost");
  group.take(1);
  group.elect(2);
  const EntryId kept = group.propose(2, "kept");
  group.settle();
  group.heal();
  group.tick_all(30);
  CHECK(lost.index <= kept.index);
  for (const std::uint64_t id : {1, 2, 3})
    CHECK(group.node(id).applied == std::vector<std::string>{"kept"});
}

TEST_CASE("messages that are lost are sent again after a heartbeat") {
  ByHand group(3);
  group.elect(1);
  group.propose(1, "a");
  group.take(1);
  group.lose<Append>();
  group.settle();
  CHECK(group.node(1).applied.empty());
  group.tick_all(2 * Options{}.heartbeat_ticks + 1);
  for (const std::uint64_t id : {1, 2, 3})
    CHECK(group.node(id).applied == std::vector<std::string>{"a"});
}

TEST_CASE("a follower whose log differs in many terms is found out in few messages") {
  ByHand group(2);
  auto& disk = group.node(2).disk;
  for (std::uint64_t i = 1; i <= 300; ++i)
    disk.entries.push_back(i <= 10 ? entry(1, i, "new") : entry(1 + i / 100, i, "old"));
  disk.hard_state = {{4}, {}};
  group.crash(2);
  group.start(2);
  auto& longer = group.node(1).disk;
  for (std::uint64_t i = 1; i <= 10; ++i)
    longer.entries.push_back(entry(1, i, "new"));
  for (std::uint64_t i = 11; i <= 400; ++i)
    longer.entries.push_back(entry(6, i, "new"));
  longer.hard_state = {{6}, {}};
  group.crash(1);
  group.start(1);
  for (int i = 0; i < 40 && !group[1].leads(); ++i)
    group.tick_all();
  REQUIRE(group[1].leads());
  group.tick_all(2 * Options{}.heartbeat_ticks);
  CHECK(group.node(2).applied == std::vector<std::string>(400, "new"));
}

TEST_CASE("a log entry lost behind an acknowledged fsync stops the node that has lost it") {
  ByHand group(3);
  group.elect(1);
  for (const char* command : {"a", "b", "c"})
    group.propose(1, command);
  group.settle();
  group.tick_all(3);
  group.crash(2);
  group.node(2).disk.entries.resize(2); // the disk had said that all four are written
  group.start(2);
  group.tick_all(2 * Options{}.heartbeat_ticks);
  REQUIRE(group[2].failure());
  CHECK(group[2].failure()->context ==
        "this node has acknowledged all entries up to 4, and has none behind 2: its disk has lost "
        "what it said it had written; remove the node, and let it join anew with an empty log");
  // It votes for nobody any more, and says nothing.
  group.deliver({{3}, {2}, {9}, VoteRequest{false, true, {Term{9}, LogIndex{9}}}});
  CHECK(group[2].take_output().empty());
  CHECK(group[2].term() == Term{1});
}

TEST_CASE("a leader that would replace what is committed stops a node") {
  ByHand group(3);
  group.elect(1);
  group.propose(1, "a");
  group.settle();
  group.tick_all(3);
  group.deliver({{3}, {2}, {5}, Append{{Term{1}, LogIndex{1}}, {1}, 0, {entry(5, 2, "b")}}});
  CHECK(!group[2].failure()); // old news for it: it is behind what is committed
  group.wire.clear();
  group.deliver({{3}, {2}, {5}, Append{{Term{1}, LogIndex{2}}, {3}, 0, {entry(5, 3, "c")}}});
  CHECK(group.node(2).applied == std::vector<std::string>{"a", "c"});
}

// ---- snapshots
// -------------------------------------------------------------------------------------

TEST_CASE("a follower that is far behind gets a snapshot in pieces, then entries") {
  Options options;
  options.limits.snapshot_piece_bytes = 7;
  options.limits.snapshot_pieces_in_flight = 2;
  options.limits.trailing_entries = 0;
  ByHand group(3, options);
  group.elect(1);
  group.cut_off(3);
  std::vector<std::string> wanted;
  for (int i = 0; i < 50; ++i) {
    wanted.push_back(std::to_string(i));
    group.propose(1, wanted.back());
    group.settle();
  }
  REQUIRE(group[1].compact(group[1].commit_index(), snapshot_of(group.node(1).applied)));
  wanted.emplace_back("behind it");
  group.propose(1, wanted.back());
  group.settle();
  CHECK(group[1].log().term_at({50}) == std::nullopt);
  group.heal();
  group.tick_all(5 * options.heartbeat_ticks);
  CHECK(group.node(3).snapshots == 2); // the empty one of the beginning is the first one
  CHECK(group.node(3).applied == wanted);
  // What it was sent is on its disk.
  group.crash(3);
  group.start(3);
  group.tick_all(5 * options.heartbeat_ticks);
  CHECK(group.node(3).applied == wanted);
}

TEST_CASE("pieces of a snapshot that are lost, doubled or overtake each other are sent again") {
  Options options;
  options.limits.snapshot_piece_bytes = 3;
  options.limits.snapshot_pieces_in_flight = 4;
  options.limits.trailing_entries = 0;
  ByHand group(2, options);
  group.elect(1);
  for (int i = 0; i < 20; ++i)
    group.propose(1, std::to_string(i));
  group.settle();
  REQUIRE(group[1].compact(group[1].commit_index(), snapshot_of(group.node(1).applied)));
  group.add(3);
  RandomStream random(1);
  REQUIRE(group[1].change_members({{1}, {2}}, {{3}}));
  for (int i = 0; i < 20'000 && group.node(3).applied.size() < 20; ++i) {
    if (i % 5 == 0)
      for (const std::uint64_t id : {1, 2, 3}) {
        group.tick(id);
        group.take(id);
      }
    if (group.wire.empty())
      continue;
    const auto at =
        group.wire.begin() + random.below(static_cast<std::uint32_t>(group.wire.size()));
    const Message message = *at;
    const bool of_snapshot = message.to == NodeId{3};
    if (!of_snapshot || !random.bernoulli(0.3))
      group.wire.erase(at); // otherwise it comes twice
    if (!of_snapshot || !random.bernoulli(0.2))
      group.deliver(message);
    if (group.wire.size() > 200)
      group.wire.resize(100);
  }
  CHECK(group.node(3).applied.size() == 20);
}

TEST_CASE("a snapshot overtaken by entries changes nothing") {
  Options options;
  options.limits.trailing_entries = 0;
  ByHand group(3, options);
  group.elect(1);
  for (const char* command : {"a", "b", "c"})
    group.propose(1, command);
  group.settle();
  const auto snapshot_to_3 = [&](std::uint64_t index, std::vector<std::string> state) {
    const std::vector<std::byte> data = snapshot_of(state);
    group.deliver(
        {{1},
         {3},
         {1},
         SnapshotPiece{{Term{1}, {index}}, {{{1}, {2}, {3}}, {}, {}}, data.size(), 0, 0, data}});
  };
  const auto applied = group.node(3).applied;
  REQUIRE(group[3].log().last_index() == LogIndex{4});
  REQUIRE(group[3].commit_index() == LogIndex{4});

  SECTION("entries up to there are committed") {
    snapshot_to_3(3, {"a", "b"});
    REQUIRE(group.wire.size() == 1);
    const auto reply = std::get<AppendReply>(group.wire.front().body);
    CHECK(!reply.rejected);
    CHECK(reply.index == LogIndex{4});
  }
  SECTION("entries up to there are in the log, and more behind it") {
    group.deliver({{1},
                   {3},
                   {1},
                   Append{{Term{1}, LogIndex{4}}, {4}, 0, {entry(1, 5, "d"), entry(1, 6, "e")}}});
    snapshot_to_3(5, {"a", "b", "c", "d"});
    CHECK(group[3].commit_index() == LogIndex{5});
    CHECK(group[3].log().last_index() == LogIndex{6});
    CHECK(group.node(3).applied == std::vector<std::string>{"a", "b", "c", "d"});
  }
  CHECK(group.node(3).snapshots == 1); // that of the beginning
  CHECK(group[3].log().last_index() >= LogIndex{4});
}

TEST_CASE("a snapshot that is too large stops the follower, which says so") {
  Options options;
  options.limits.snapshot_bytes_max = 10;
  ByHand group(2, options);
  group.deliver({{1}, {2}, {1}, SnapshotPiece{{Term{1}, {9}}, {{{1}}, {}, {}}, 11, 0, 0, {}}});
  REQUIRE(group[2].failure());
  CHECK(group[2].failure()->context == "node 1 sends a snapshot of 11 bytes, the limit is 10");
}

TEST_CASE("only what was given out can be made a snapshot, each time a later one") {
  ByHand group(1);
  group.elect(1);
  group.propose(1, "a");
  CHECK(group[1].compact({2}, {}).error().context ==
        "a snapshot up to entry 2, but only those up to 1 were given out");
  group.take(1);
  REQUIRE(group[1].compact({2}, snapshot_of({"a"})));
  CHECK(group[1].compact({2}, {}).error().code == Errc::try_later);
  group.take(1);
  CHECK(group.node(1).disk.entries.empty());
  group.crash(1);
  group.start(1);
  CHECK(group.node(1).applied == std::vector<std::string>{"a"});
  group.elect(1);
  group.propose(1, "b");
  group.take(1);
  CHECK(group.node(1).applied == std::vector<std::string>{"a", "b"});
}

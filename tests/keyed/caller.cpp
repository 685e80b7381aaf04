#include "libstos/service/keyed/caller.hpp"

#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

/// A caller whose asks go to a test, which answers them by hand.
struct Fixture {
  Fixture() {
    for (std::uint64_t node = 1; node <= 3; ++node)
      static_cast<void>(table.apply(GroupTable::node_item({node}, ""), {}, {}, nullptr));
    static_cast<void>(table.apply(GroupTable::begin_item(3), {}, {}, nullptr));
    static_cast<void>(table.apply(GroupTable::transfer_done_item(1), {}, {}, nullptr));
  }

  std::uint64_t command() {
    return caller.call(command_call<Ledger>("q", "a", Add{1}), 10'000, now);
  }
  void take() {
    Caller::Output output = caller.take_output(table, now);
    asked = std::move(output.to_send);
    answers = std::move(output.answers);
  }
  void wait(std::uint64_t ms) {
    now.ms += ms;
    caller.tick(now);
    take();
  }
  void answer(Answer with) {
    REQUIRE(asked.size() == 1);
    caller.hear({asked[0].second.number, std::move(with), 1}, now);
    take();
  }
  [[nodiscard]] Stamp stamp() const {
    BytesReader in(asked.at(0).second.body);
    return read_stamp(in);
  }

  GroupTable table;
  Caller caller{{.id = 1, .attempt_ms = 500, .pause_ms = 20, .contacts = {}}};
  Time now{1'000'000};
  std::vector<std::pair<raft::NodeId, Ask>> asked;
  std::vector<Reply> answers;
};

} // namespace

TEST_CASE_METHOD(Fixture, "a caller follows those who say who leads, and stays there") {
  const std::uint64_t number = command();
  take();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].second.group == raft::GroupId{3});
  const raft::NodeId other{asked[0].first.value % 3 + 1};
  answer(Answer::refused(Outcome::not_leader, other.value));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].first == other);
  answer({});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].number == number);
  static_cast<void>(command());
  take();
  CHECK(asked[0].first == other);
}

TEST_CASE_METHOD(Fixture, "what is not answered is asked again elsewhere, under the same stamp") {
  const std::uint64_t number = command();
  take();
  const auto first = asked;
  const Stamp before = stamp();
  wait(499);
  CHECK(asked.empty());
  wait(1);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].first != first[0].first);
  CHECK(stamp().session == before.session);
  CHECK(stamp().sequence == before.sequence);
  // What the first one is told now says nothing of the second one; but an answer is an answer.
  caller.hear({first[0].second.number, Answer::refused(Outcome::not_leader), 1}, now);
  take();
  CHECK(asked.empty());
  caller.hear({first[0].second.number, {}, 2}, now); // for the caller of an earlier life
  take();
  CHECK(answers.empty());
  caller.hear({first[0].second.number, {}, 1}, now);
  take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].number == number);
  CHECK(caller.under_way() == 0);
}

TEST_CASE_METHOD(Fixture, "without a leader, the answer is no_leader: nothing was done") {
  static_cast<void>(command());
  take();
  for (int i = 0; i < 100 && answers.empty(); ++i) {
    if (!asked.empty())
      answer(Answer::refused(Outcome::not_leader));
    wait(100);
  }
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].answer.outcome == Outcome::no_leader);
}

TEST_CASE_METHOD(Fixture, "a command that may have been done is answered with timeout") {
  static_cast<void>(command());
  take();
  wait(500); // no answer
  answer(Answer::refused(Outcome::not_leader));
  wait(9'500);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].answer.outcome == Outcome::timeout);
}

TEST_CASE_METHOD(Fixture, "a group that has given an agent away says where it is") {
  static_cast<void>(table.apply(GroupTable::split_item({3}, 1, 3), {}, {}, nullptr));
  static_cast<void>(command());
  take();
  answer(Answer::refused(Outcome::moved, 4));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].second.group == raft::GroupId{4});
  answer(Answer::refused(Outcome::moved, 0)); // it has not got it yet
  wait(20);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].second.group == raft::GroupId{3}); // as the table says
}

TEST_CASE_METHOD(Fixture, "stamps say which answers the caller has") {
  static_cast<void>(command());
  take();
  CHECK(stamp().done_below == stamp().sequence);
  const auto first = asked;
  const Stamp of_first = stamp();
  static_cast<void>(command());
  take();
  CHECK(stamp().session == of_first.session);
  CHECK(stamp().done_below == of_first.sequence); // still open
  answer({});
  caller.hear({first[0].second.number, {}, 1}, now);
  static_cast<void>(command());
  take();
  CHECK(stamp().done_below == stamp().sequence);
}

TEST_CASE_METHOD(Fixture, "a caller whose clock is wrong knows the time after one command") {
  static_cast<void>(command());
  take();
  answer(Answer::refused(Outcome::session_expired, now.ms + 3'600'000));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].answer.outcome == Outcome::timeout); // a copy of it may have been done before
  static_cast<void>(command());
  take();
  CHECK(stamp().session.opened.ms == now.ms + 3'600'000);
}

TEST_CASE_METHOD(Fixture, "a caller changes its session long before that ends") {
  static_cast<void>(command());
  take();
  const SessionId first = stamp().session;
  answer({});
  now.ms += Sessions::life_ms / 2 + 1;
  static_cast<void>(command());
  take();
  CHECK(stamp().session != first);
  CHECK(stamp().session.opened == now);
}

TEST_CASE_METHOD(Fixture, "a caller takes a limited number of calls at a time") {
  for (std::size_t i = 0; i < Caller::calls_max; ++i)
    static_cast<void>(command());
  const std::uint64_t number = command();
  take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].number == number);
  CHECK(answers[0].answer.outcome == Outcome::try_later);
}

TEST_CASE("what is neither an ask nor a reply is refused") {
  const Ask ask{7, {3}, Ask::Kind::query, {std::byte{1}}};
  const Result<AskMessage> read = decode_ask(encode(ask));
  REQUIRE(read);
  CHECK(std::get<Ask>(*read).number == 7);
  CHECK(std::get<Ask>(*read).body == ask.body);
  const Reply reply{8, Answer::refused(Outcome::moved, 4, "text")};
  std::vector<std::byte> bytes = encode(reply);
  REQUIRE(decode_ask(bytes));
  CHECK(std::get<Reply>(*decode_ask(bytes)).answer == reply.answer);
  bytes.pop_back();
  CHECK_FALSE(decode_ask(bytes));
  CHECK_FALSE(decode_ask({}));
  CHECK_FALSE(decode_ask(std::vector<std::byte>(4, std::byte{99})));
}

TEST_CASE_METHOD(Fixture, "a stale query is for the caller's own node, then for any other one") {
  Caller here{{.id = 1, .attempt_ms = 500, .pause_ms = 20, .contacts = {}, .self = {2}}};
  const std::uint64_t number =
      here.call(query_call<Ledger>("q", "a", Get{}, Read::stale), 10'000, now);
  auto to_send = here.take_output(table, now).to_send;
  REQUIRE(to_send.size() == 1);
  CHECK(to_send[0].first == raft::NodeId{2});
  CHECK(to_send[0].second.kind == Ask::Kind::stale);
  std::set<raft::NodeId> asked_by_then;
  for (int n = 0; n < 3; ++n) {
    here.hear({to_send[0].second.number, Answer::refused(Outcome::not_leader), 1}, now);
    to_send = here.take_output(table, now).to_send;
    REQUIRE(to_send.size() == 1);
    asked_by_then.insert(to_send[0].first);
  }
  CHECK(asked_by_then.size() == 3);
  here.hear({to_send[0].second.number, Answer::refused(Outcome::agent_not_found), 1}, now);
  const auto answers_of_here = here.take_output(table, now).answers;
  REQUIRE(answers_of_here.size() == 1);
  CHECK(answers_of_here[0].number == number);
  CHECK(answers_of_here[0].answer.outcome == Outcome::agent_not_found);
}

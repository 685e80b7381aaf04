#include "libstos/service/coordination/caller.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace stos::coordination;

namespace {

using What = Request::What;
using Outcome = Answer::Outcome;

/// A Caller, and what it asks for and is answered.
class Client {
public:
  Caller caller{{5}, "client", 1000};
  std::map<std::uint64_t, Answer> answers;
  std::vector<std::pair<std::uint64_t, Request>> asked; ///< without an answer

  void step(double now_s) {
    caller.step(now_s);
    Caller::Output output = caller.take_output();
    for (auto& each : output.to_ask)
      asked.push_back(std::move(each));
    for (auto& [number, answer] : output.answers) {
      CHECK_FALSE(answers.contains(number));
      answers[number] = answer;
    }
  }
  /// Answers the oldest one that is of that kind.
  Request answer(What what, const Answer& answer, double now_s) {
    for (auto each = asked.begin(); each != asked.end(); ++each)
      if (each->second.what == what) {
        const auto [call, request] = *each;
        asked.erase(each);
        caller.hear(call, answer, now_s);
        step(now_s);
        return request;
      }
    FAIL("nothing of that kind was asked for");
    return {};
  }
  void want(std::uint64_t number, What what, const std::string& name, double now_s) {
    Request request;
    request.what = what;
    request.name = name;
    caller.want(number, request);
    step(now_s);
  }
};

Answer of(Outcome outcome, std::uint64_t fence = 0) {
  Answer answer;
  answer.outcome = outcome;
  answer.fence = fence;
  return answer;
}

} // namespace

TEST_CASE("a caller opens its session before its first request, and closes it") {
  Client client;
  client.step(0);
  CHECK(client.asked.empty());
  CHECK_FALSE(client.caller.closing());
  client.want(1, What::put, "key", 1);
  REQUIRE(client.asked.size() == 1);
  CHECK(client.answer(What::open, of(Outcome::done), 1).lease_ms == 1000);
  const Request put = client.answer(What::put, of(Outcome::done), 1);
  CHECK(put.session == SessionId{5});
  CHECK(put.sequence == 1);
  CHECK(client.answers.at(1).outcome == Outcome::done);
  client.want(2, What::put, "key", 1);
  CHECK(client.answer(What::put, of(Outcome::done), 1).done_below == 2);
  CHECK(client.caller.closing()->what == What::close);
}

TEST_CASE("a caller that waits for a lock goes on asking under the same number") {
  Client client;
  client.want(1, What::acquire, "lock", 0);
  client.answer(What::open, of(Outcome::done), 0);
  const Request first = client.answer(What::acquire, of(Outcome::waiting), 0.1);
  client.want(2, What::put, "key", 0.1);
  const Request put = client.answer(What::put, of(Outcome::done), 0.1);
  CHECK(put.sequence == 2);
  CHECK(put.done_below == 2); // the claim is known, and holds up nothing
  const Request again = client.answer(What::acquire, of(Outcome::node_lost), 0.2);
  CHECK(again.sequence == first.sequence);
  client.step(0.25);
  CHECK(client.asked.empty());
  client.step(0.31);
  client.answer(What::acquire, of(Outcome::done, 17), 0.31);
  CHECK(client.answers.at(1).fence == 17);
  Request unlock;
  unlock.what = What::release;
  unlock.claim = 1;
  client.caller.want(3, unlock);
  client.step(0.32);
  CHECK(client.answer(What::release, of(Outcome::done), 0.33).claim == first.sequence);
  unlock.claim = 9;
  client.caller.want(4, unlock);
  client.step(0.34);
  CHECK(client.answers.at(4).outcome == Outcome::not_there);
}

TEST_CASE("a caller renews its lease, and knows when it has ended") {
  Client client;
  client.want(1, What::acquire, "lock", 0);
  client.answer(What::open, of(Outcome::done), 0);
  client.answer(What::acquire, of(Outcome::done, 1), 0);
  client.step(0.3);
  CHECK(client.asked.empty());
  client.step(0.4);
  client.answer(What::renew, of(Outcome::done), 0.8);
  client.step(0.85); // the renewal was asked for at 0.4 s: a third of the lease has gone since
  client.answer(What::renew, of(Outcome::try_later), 0.9);
  client.step(1.1);
  CHECK_FALSE(client.caller.is_over());
  client.step(1.31); // 9/10 of the lease after it
  CHECK(client.caller.is_over());
  CHECK(client.caller.has_lost_locks());
  client.want(2, What::put, "key", 1.4);
  CHECK(client.answers.at(2).outcome == Outcome::session_over);
}

TEST_CASE("a caller is over when a node says so, and lost no lock if it had none") {
  Client client;
  client.want(1, What::put, "key", 0);
  client.want(2, What::get, "key", 0);
  client.answer(What::open, of(Outcome::done), 0);
  client.answer(What::put, of(Outcome::session_over), 0.1);
  client.step(0.1);
  CHECK(client.caller.is_over());
  CHECK_FALSE(client.caller.has_lost_locks());
  CHECK(client.answers.at(1).outcome == Outcome::session_over);
  CHECK(client.answers.at(2).outcome == Outcome::session_over);
}

TEST_CASE("a caller whose session is refused says why, and may try again") {
  Client client;
  client.want(1, What::put, "key", 0);
  client.answer(What::open, of(Outcome::full), 0);
  CHECK(client.answers.at(1).outcome == Outcome::full);
  client.want(2, What::put, "key", 1);
  client.answer(What::open, of(Outcome::done), 1);
  client.answer(What::put, of(Outcome::done), 1);
  CHECK(client.answers.at(2).outcome == Outcome::done);
}

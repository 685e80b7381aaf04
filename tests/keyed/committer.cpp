#include "libstos/service/keyed/committer.hpp"

#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <variant>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

namespace {

constexpr std::uint64_t middle = std::uint64_t{1} << 63;

/// A coordinator, and two groups that answer what it asks when the test says so.
struct CommitterOfTwoGroups {
  struct Asked {
    std::uint64_t hash;
    Ask::Kind kind;
    std::vector<std::byte> body;
    Committer::Then then;
  };

  CommitterOfTwoGroups() {
    add_all(types);
    lower.adopt({1, {0, middle - 1}, {}, {7}});
    upper.adopt({1, {middle, ~std::uint64_t{0}}, {}, {8}});
  }

  static std::string key_in(bool is_upper, int from = 0) {
    for (int i = from;; ++i)
      if ((hash_of(id(std::to_string(i))) >= middle) == is_upper)
        return std::to_string(i);
  }
  static Id id(const std::string& key) { return {"q", "ledger", key}; }
  template <class C>
  static Call step(const std::string& key, const C& command) {
    return command_call<Ledger>("q", key, command);
  }

  void begin(std::vector<Call> steps, std::vector<std::string> outsiders = {}) {
    Transaction transaction{transaction_id(steps, ++number), steps, std::move(outsiders), false};
    last = transaction.id;
    result.reset();
    committer.begin(std::move(transaction), 1'000,
                    [this](const Answer& answer) { result.emplace(answer); });
  }

  TwoReplicas& group_of(std::uint64_t hash) { return hash >= middle ? upper : lower; }

  Answer done_by_group(const Asked& one) {
    TwoReplicas& group = group_of(one.hash);
    if (one.kind != Ask::Kind::transact)
      return group.apply(one.body);
    BytesReader in(one.body);
    return group.apply(AgentGroup::transact_item(group.next_stamp(), Activation::allowed,
                                                 read_transaction_order(in)));
  }
  /// The next one is done, and answered; or has another answer.
  void answer(std::optional<Answer> instead = std::nullopt) {
    const Asked one = std::move(asked.front());
    asked.pop_front();
    one.then(instead ? *instead : done_by_group(one));
  }
  void answer_all() {
    while (!asked.empty())
      answer();
  }
  std::int64_t sum(const std::string& key) {
    const auto sum = group_of(hash_of(id(key))).query<Ledger>(key, Get{});
    return sum ? *sum : -1'000;
  }
  [[nodiscard]] bool all_is_over() const {
    return lower.leader.prepared_agents() + upper.leader.prepared_agents() == 0 &&
           lower.leader.decisions().records().empty() && upper.leader.decisions().records().empty();
  }

  AgentTypes types;
  TwoReplicas lower{types, {}, false};
  TwoReplicas upper{types, {}, false};
  std::deque<Asked> asked;
  Committer committer{[this](std::uint64_t hash, Ask::Kind kind, std::vector<std::byte> body,
                             std::optional<std::uint64_t> /*until*/, Committer::Then then) {
    asked.push_back({hash, kind, std::move(body), std::move(then)});
  }};
  std::optional<Committed> result;
  TransactionId last;
  std::uint64_t number = 0;
  const std::string a = key_in(false);
  const std::string b = key_in(true);
};

const Answer lost = Answer::refused(Outcome::timeout);

} // namespace

TEST_CASE_METHOD(CommitterOfTwoGroups, "all that belongs to a transaction is done, in two groups") {
  begin({step(b, Add{5}), step(a, Add{-5}), step(b, Add{1}), step(a, Add{2})});
  answer();
  answer();
  CHECK_FALSE(result);
  answer(); // the decision
  REQUIRE(result);
  REQUIRE(*result);
  CHECK(result->reply_to<Ledger, Add>(0) == 5);
  CHECK(result->reply_to<Ledger, Add>(1) == -5);
  CHECK(result->reply_to<Ledger, Add>(2) == 6);
  CHECK(result->reply_to<Ledger, Add>(3) == -3);
  CHECK_FALSE(all_is_over());
  answer_all();
  CHECK(all_is_over());
  CHECK(sum(a) == -3);
  CHECK(sum(b) == 6);
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "agents are prepared in the order of their ids") {
  std::vector<Call> steps;
  for (const std::string key : {"5", "3", "9", "1", "7"})
    steps.push_back(step(key, Add{1}));
  begin(steps);
  CHECK(last.home == hash_of(id("1")));
  for (const std::string key : {"1", "3", "5", "7", "9"}) {
    REQUIRE(asked.size() == 1);
    CHECK(asked.front().hash == hash_of(id(key)));
    answer();
  }
  answer_all();
  CHECK(*result);
  CHECK(all_is_over());
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "where one refuses, nothing is done") {
  const std::string second = std::max(a, b);
  begin({step(std::min(a, b), Add{5}), step(second, Throw{})});
  answer_all();
  CHECK(result->outcome() == Outcome::failed);
  CHECK(result->text() == "q/ledger/" + second + ": out of ink");
  CHECK(all_is_over());
  CHECK(sum(a) == -1'000);
  begin({step(a, Throw{})});
  answer();
  CHECK(result->outcome() == Outcome::failed);
  CHECK(asked.empty()); // nothing is to be undone
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "an agent that does not answer is let go all the same") {
  begin({step(a, Add{5}), step(b, Add{-5})});
  answer();
  static_cast<void>(done_by_group(asked.front())); // but the answer is lost
  answer(lost);
  CHECK(result->outcome() == Outcome::aborted);
  CHECK(result->text() == "no answer in time from q/ledger/" + std::max(a, b));
  answer_all();
  CHECK(all_is_over());
  CHECK(sum(a) == -1'000);
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "if the decision is lost, the home is asked for it") {
  begin({step(a, Add{5}), step(b, Add{-5})});
  answer();
  answer();
  const bool was_decided = GENERATE(true, false);
  if (was_decided)
    static_cast<void>(done_by_group(asked.front()));
  answer(lost);
  CHECK_FALSE(result);
  answer_all();
  CHECK(result->outcome() == (was_decided ? Outcome::done : Outcome::timeout));
  CHECK(all_is_over());
  CHECK(sum(b) == (was_decided ? -5 : -1'000));
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "a home that knows nothing may have forgotten it") {
  begin({step(a, Add{5}), step(a, Add{-2})});
  answer();
  static_cast<void>(done_by_group(asked.front())); // all is over with it
  answer(lost);
  answer_all();
  CHECK(result->outcome() == Outcome::timeout);
  CHECK(all_is_over());
  CHECK(sum(a) == 3);
  begin({step(a, Add{5})}, {"file"});
  answer();
  static_cast<void>(done_by_group(asked.front()));
  answer(lost);
  answer_all();
  CHECK(*result); // its record is there until the file has confirmed
  CHECK(sum(a) == 8);
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "if the home cannot be asked, all is open") {
  begin({step(a, Add{5}), step(b, Add{-5})});
  answer();
  answer();
  static_cast<void>(done_by_group(asked.front()));
  answer(lost);
  answer(lost);
  CHECK(result->outcome() == Outcome::timeout);
  CHECK(asked.empty());
  CHECK_FALSE(all_is_over()); // leaders will see to it
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "a transaction that took too long lets all go") {
  begin({step(a, Add{5}), step(b, Add{-5})});
  answer();
  answer();
  static_cast<void>(group_of(last.home).apply(AgentGroup::decide_item(last)));
  answer_all();
  CHECK(result->outcome() == Outcome::aborted);
  CHECK(all_is_over());
}

TEST_CASE_METHOD(CommitterOfTwoGroups, "an outsider's record stays until it has confirmed") {
  begin({}, {"file"});
  answer_all();
  REQUIRE(*result);
  CHECK(result->size() == 0);
  CHECK_FALSE(all_is_over());
  static_cast<void>(group_of(last.home).apply(AgentGroup::confirm_item(last, "file")));
  CHECK(all_is_over());
}

#include "tests/keyed/made_up_agents.hpp"

#include <catch2/catch.hpp>

using namespace stos;
using namespace stos::keyed;
using namespace stos::test;

using Decided = AgentGroup::Decided;

namespace {

/// One group, whose agents take part in transactions with its own ones and others.
struct GroupInTransactions {
  GroupInTransactions() {
    types.add<Ledger>().after_command<Add>(
        [this](const AfterCommand<Ledger, Add>& x) { effects += x.command.amount; });
    types.add<Impure>();
    REQUIRE(group.command<Ledger>("a", Add{10}));
    REQUIRE(group.command<Ledger>("b", Add{20}));
    run_effects();
    effects = 0;
  }

  static Id id(const std::string& key) { return {"q", "ledger", key}; }
  template <class C>
  static Call step(const std::string& key, const C& command) {
    return command_call<Ledger>("q", key, command);
  }
  static Call look(const std::string& key) { return query_call<Ledger>("q", key, Get{}); }

  TransactionId next() { return {hash_of(id("a")), ++last}; }

  Answer prepare(const TransactionId& transaction, std::vector<Call> steps, bool begins = true,
                 Activation activation = Activation::allowed) {
    return group.apply(AgentGroup::transact_item(group.next_stamp(), activation,
                                                 Prepare{transaction, begins, std::move(steps)}));
  }
  Answer commit(const TransactionId& transaction, std::vector<std::string> keys,
                std::vector<std::string> outsiders = {}) {
    std::vector<Id> agents;
    for (const std::string& key : keys)
      agents.push_back(id(key));
    return group.apply(
        AgentGroup::transact_item(group.next_stamp(), Activation::unchecked,
                                  Commit{transaction, std::move(agents), std::move(outsiders)}));
  }
  Decided decide(const TransactionId& transaction) {
    return *AgentGroup::how_decided(group.apply(AgentGroup::decide_item(transaction)));
  }
  void finish(const TransactionId& transaction, const std::string& key, bool is_committed) {
    CHECK(group.apply(AgentGroup::finish_item(transaction, id(key), is_committed)).outcome ==
          Outcome::done);
  }
  std::int64_t sum(const std::string& key) { return *group.query<Ledger>(key, Get{}); }
  std::size_t records() const { return group.leader.decisions().records().size(); }
  void run_effects() {
    for (const Effect& effect : std::exchange(group.effects, {}))
      effect();
  }

  AgentTypes types;
  TwoReplicas group{types};
  std::int64_t effects = 0;
  std::uint64_t last = 0;
};

} // namespace

TEST_CASE_METHOD(GroupInTransactions,
                 "what was tried is done with the commitment, and not seen before") {
  const TransactionId transfer = next();
  const Answer first = prepare(transfer, {step("a", Add{-3}), step("a", Add{-4}), look("a")});
  REQUIRE(first.outcome == Outcome::done);
  const Committed replies{Answer(first)};
  CHECK(replies.reply_to<Ledger, Add>(0) == 7);
  CHECK(replies.reply_to<Ledger, Add>(1) == 3);
  CHECK(replies.reply<std::int64_t>(2) == 3);
  CHECK(replies.reply<std::int64_t>(3) == std::nullopt);
  CHECK(group.query<Ledger>("a", Get{}).outcome() == Outcome::locked);
  CHECK(group.command<Ledger>("a", Add{1}).outcome() == Outcome::locked);
  CHECK(sum("b") == 20);
  REQUIRE(prepare(transfer, {step("b", Add{7})}, false).outcome == Outcome::done);
  CHECK(group.effects.empty());
  CHECK(AgentGroup::how_decided(commit(transfer, {"a", "b"})) == Decided::committed_and_done);
  CHECK(sum("a") == 3);
  CHECK(sum("b") == 27);
  run_effects();
  CHECK(effects == 0 - 3 - 4 + 7);
  CHECK(records() == 0);
  CHECK(group.leader.prepared_agents() == 0);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "who asks first decides: what is not committed is aborted") {
  const TransactionId transfer = next();
  REQUIRE(prepare(transfer, {step("a", Add{-5})}).outcome == Outcome::done);
  REQUIRE(prepare(transfer, {step("b", Add{5})}, false).outcome == Outcome::done);
  CHECK(decide(transfer) == Decided::aborted);
  CHECK(AgentGroup::how_decided(commit(transfer, {"a", "b"})) == Decided::aborted);
  CHECK(group.query<Ledger>("a", Get{}).outcome() == Outcome::locked); // it has not heard of it
  finish(transfer, "a", false);
  finish(transfer, "b", false);
  finish(transfer, "b", false);
  CHECK(sum("a") == 10);
  CHECK(sum("b") == 20);
  CHECK(records() == 0);
  CHECK(decide(next()) == Decided::aborted); // nobody knows it
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "a commitment stays until all have done it") {
  const TransactionId transfer = next();
  REQUIRE(prepare(transfer, {}).outcome == Outcome::done); // the record alone
  REQUIRE(prepare(transfer, {step("b", Add{5})}, false).outcome == Outcome::done);
  CHECK(AgentGroup::how_decided(commit(transfer, {"b"}, {"file", "letter"})) ==
        Decided::committed_and_done);
  CHECK(decide(transfer) == Decided::committed);
  CHECK(decide(transfer) == Decided::committed);
  for (const std::string outsider : {"file", "file", "letter"}) {
    CHECK(records() == 1);
    CHECK(group.apply(AgentGroup::confirm_item(transfer, outsider)).outcome == Outcome::done);
  }
  CHECK(records() == 0);
  CHECK(sum("b") == 25);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "orders that come again are answered as before") {
  const TransactionId transfer = next();
  const Stamp waiting{{group.now, 1}, 100, 50};
  const auto again = AgentGroup::transact_item(waiting, Activation::allowed,
                                               Prepare{transfer, true, {step("a", Add{1})}});
  const Answer first = group.apply(again);
  CHECK(group.apply(again) == first);
  const auto committing = AgentGroup::transact_item(
      {{group.now, 1}, 101, 50}, Activation::unchecked, Commit{transfer, {id("a")}, {}});
  const Answer decided = group.apply(committing);
  CHECK(AgentGroup::how_decided(decided) == Decided::committed_and_done);
  CHECK(records() == 0);
  CHECK(group.apply(committing) == decided); // although its record is gone
  CHECK(group.apply(again) == first);        // and it keeps nothing
  CHECK(sum("a") == 11);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "what refuses is not kept, and opens no record") {
  CHECK(prepare(next(), {step("a", Add{1}), step("a", Throw{})}).text == "out of ink");
  CHECK(prepare(next(), {look("nobody")}, false).outcome == Outcome::agent_not_found);
  CHECK(prepare(next(), {command_call<Impure>("q", "a", Add{1})}, false).outcome == Outcome::done);
  Call no_such = step("a", Add{1});
  no_such.number = 100;
  CHECK(prepare(next(), {no_such}).outcome == Outcome::bad_request);
  no_such.id.type = "nothing";
  CHECK(prepare(next(), {no_such}, false).outcome == Outcome::bad_request);
  CHECK(prepare({1, 1}, {step("a", Add{1})}).outcome == Outcome::bad_request); // not its home
  CHECK(prepare(next(), {step("new", Add{1})}, false, Activation::unchecked).outcome ==
        Outcome::check_quota);
  CHECK(prepare(next(), {step("new", Add{1})}, false, Activation::quota_not_found).outcome ==
        Outcome::quota_not_found);
  CHECK(records() == 0);
  CHECK(group.leader.prepared_agents() == 1); // the impure one, which was called once
  CHECK(sum("a") == 10);
}

TEST_CASE_METHOD(GroupInTransactions, "an agent comes to be, or goes, with the commitment") {
  const TransactionId transfer = next();
  REQUIRE(prepare(transfer, {step("a", Add{-1}), step("a", Leave{})}).outcome == Outcome::done);
  REQUIRE(prepare(transfer, {step("new", Add{1})}, false).outcome == Outcome::done);
  CHECK_FALSE(group.leader.has(id("new")));
  CHECK(group.leader.has(id("a")));
  CHECK(group.query<Ledger>("new", Get{}).outcome() == Outcome::locked);
  CHECK(group.leader.query(encode(look("a")), nullptr).outcome == Outcome::done); // a stale one
  static_cast<void>(commit(transfer, {"a", "new"}));
  CHECK_FALSE(group.leader.has(id("a")));
  CHECK(sum("new") == 1);
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "queries do not disturb a transaction that only asks") {
  const TransactionId audit = next();
  REQUIRE(prepare(audit, {look("a")}).outcome == Outcome::done);
  CHECK(sum("a") == 10);
  CHECK(group.command<Ledger>("a", Add{1}).outcome() == Outcome::locked);
  CHECK(prepare(next(), {look("a")}).outcome == Outcome::locked);
  static_cast<void>(commit(audit, {"a"}));
  CHECK(group.command<Ledger>("a", Add{1}));
}

TEST_CASE_METHOD(GroupInTransactions, "ticks and the end of a quota wait for transactions") {
  REQUIRE(group.command<Ledger>("a", SetOnTick{OnTick::deactivate_after_idle(2)}));
  REQUIRE(group.command<Ledger>("b", SetOnTick{OnTick::timeout_after(1)}));
  const TransactionId transfer = next();
  REQUIRE(prepare(transfer, {step("a", Add{1})}).outcome == Outcome::done);
  REQUIRE(prepare(transfer, {look("b")}, false).outcome == Outcome::done);
  group.tick();
  group.tick();
  static_cast<void>(group.apply(AgentGroup::remove_quota_item("q")));
  CHECK(group.leader.agents() == 2);
  static_cast<void>(commit(transfer, {"a", "b"}));
  CHECK(sum("a") == 11);
  CHECK(sum("b") == 20); // its timeout would have added 100
  group.tick();
  CHECK(sum("b") == 120);
  CHECK(sum("a") == 11); // it has just been told something, and then asked
  group.tick();
  group.tick();
  CHECK_FALSE(group.leader.has(id("a")));
  CHECK_FALSE(group.differ);
}

TEST_CASE_METHOD(GroupInTransactions, "what is tried and what is decided go along with a range") {
  TwoReplicas taker(types, {}, false);
  const TransactionId open = next();
  REQUIRE(prepare(open, {step("a", Add{-1})}).outcome == Outcome::done);
  const TransactionId committed = next();
  REQUIRE(prepare(committed, {}).outcome == Outcome::done);
  static_cast<void>(commit(committed, {}, {"file"}));
  const Transfer all{5, Range::all(), {7}, {8}};
  static_cast<void>(group.apply(AgentGroup::seal_item(all)));
  CHECK(prepare(next(), {step("b", Add{1})}).outcome == Outcome::moved);
  CHECK(commit(open, {"a"}).outcome == Outcome::moved);
  CHECK(group.apply(AgentGroup::decide_item(open)).outcome == Outcome::moved);
  CHECK(group.apply(AgentGroup::finish_item(open, id("a"), false)).outcome == Outcome::moved);
  CHECK(group.apply(AgentGroup::confirm_item(open, {})).outcome == Outcome::moved);
  CHECK(group.leader.prepared().empty()); // which are looked after
  const auto pieces = group.leader.pieces(30);
  for (std::size_t i = 0; i < pieces.size(); ++i)
    static_cast<void>(
        taker.apply(AgentGroup::adopt_item(all, i, i + 1 == pieces.size(), pieces[i])));
  static_cast<void>(group.apply(AgentGroup::release_item(all.id)));
  CHECK(group.leader.prepared_agents() == 0);
  CHECK(records() == 0);
  CHECK(taker.leader.prepared() == std::vector{std::pair(id("a"), open)});
  CHECK(taker.query<Ledger>("a", Get{}).outcome() == Outcome::locked);
  CHECK(*AgentGroup::how_decided(taker.apply(AgentGroup::decide_item(committed))) ==
        Decided::committed);
  const Stamp later{{taker.now, 2}, 1, 1};
  CHECK(*AgentGroup::how_decided(taker.apply(AgentGroup::transact_item(
            later, Activation::unchecked, Commit{open, {id("a")}, {}}))) ==
        Decided::committed_and_done);
  CHECK(*taker.query<Ledger>("a", Get{}) == 9);
  CHECK_FALSE((group.differ || taker.differ));
}

TEST_CASE("orders of transactions survive the way as bytes, and others are refused") {
  const Call step = command_call<Ledger>("q", "a", Add{1});
  for (const TransactionOrder& order :
       {TransactionOrder(Prepare{{1, 2}, true, {step, step}}), TransactionOrder(Prepare{}),
        TransactionOrder(Commit{{1, 2}, {step.id}, {"file"}})}) {
    BytesWriter out;
    write(order, out);
    const std::vector<std::byte> bytes = out.take();
    BytesReader in(bytes);
    CHECK((read_transaction_order(in) == order && in.at_end()));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      BytesReader part(std::span<const std::byte>(bytes).first(size));
      static_cast<void>(read_transaction_order(part));
      CHECK_FALSE(part.at_end());
    }
  }
  BytesWriter out;
  write(TransactionOrder(Prepare{{1, 2}, true, {step, command_call<Ledger>("q", "b", Add{1})}}),
        out);
  BytesReader two_agents(out.bytes());
  static_cast<void>(read_transaction_order(two_agents));
  CHECK_FALSE(two_agents.ok());
}

TEST_CASE("a transaction that makes no sense is refused") {
  Transaction transaction;
  CHECK_FALSE(check(transaction));
  transaction.outsiders = {"file"};
  CHECK(check(transaction));
  transaction.outsiders = {""};
  CHECK_FALSE(check(transaction));
  transaction.outsiders.clear();
  transaction.steps.assign(Transaction::steps_max, command_call<Ledger>("q", "a", Add{1}));
  CHECK(check(transaction));
  transaction.steps.push_back(command_call<Ledger>("q", "a", Add{1}));
  CHECK(check(transaction).error().context ==
        "a transaction has 1001 steps; at most 1000 are allowed");
  transaction.steps = {command_call<Ledger>("q", "", Add{1})};
  CHECK_FALSE(check(transaction));
}

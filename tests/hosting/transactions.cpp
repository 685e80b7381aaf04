#include "support/nodes_in_threads.hpp"
#include "tests/hosting/made_up_host.hpp"
#include "tests/keyed/bank_model.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <barrier>
#include <future>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace stos;
using namespace stos::test;
using keyed::Committed;
using keyed::Outcome;
using keyed::TransactionId;

namespace {

keyed::AgentTypes types_with_purses() {
  keyed::AgentTypes types = made_up_types();
  types.add<Purse>();
  return types;
}

AgentTransaction transfer(const ReplicatedAgents& agents, int from, int to, std::int64_t cents) {
  AgentTransaction transaction = agents.transaction();
  transaction.command<Purse>("q", std::to_string(from), Put{-cents})
      .command<Purse>("q", std::to_string(to), Put{cents});
  return transaction;
}

/// The sum of all purses from 0 on, at one moment.
std::optional<std::int64_t> audit(const ReplicatedAgents& agents, int count) {
  AgentTransaction transaction = agents.transaction();
  for (int i = 0; i < count; ++i)
    transaction.query<Purse>("q", std::to_string(i), Count{});
  const Committed all = transaction.commit();
  if (!all)
    return std::nullopt;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    sum += *all.reply_to<Purse, Count>(i);
  return sum;
}

/// What a participant keeps where its process cannot harm it.
struct Drawer {
  std::set<TransactionId> prepared;
  std::set<TransactionId> committed;
  std::set<TransactionId> aborted;
};

class Clerk final : public keyed::Participant {
public:
  Clerk(std::string name, Drawer& drawer) : name_(std::move(name)), drawer_(drawer) {}

  bool refuses = false;
  bool throws = false;
  bool is_gone = false; // when there is something to be committed

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Result<void> prepare(const TransactionId& transaction) override {
    if (throws)
      throw std::runtime_error("no pencil");
    if (refuses)
      return Error{Errc::try_later, "not before noon"};
    drawer_.prepared.insert(transaction);
    return {};
  }
  [[nodiscard]] Result<void> commit(const TransactionId& transaction) override {
    if (is_gone)
      return Error{Errc::io_error, "at lunch"};
    drawer_.prepared.erase(transaction);
    drawer_.committed.insert(transaction);
    return {};
  }
  [[nodiscard]] Result<void> abort(const TransactionId& transaction) override {
    drawer_.prepared.erase(transaction);
    drawer_.aborted.insert(transaction);
    return {};
  }
  [[nodiscard]] std::vector<TransactionId> in_doubt() override {
    return {drawer_.prepared.begin(), drawer_.prepared.end()};
  }

private:
  std::string name_;
  Drawer& drawer_;
};

} // namespace

TEST_CASE("agents change together, or not at all", "[hosting]") {
  ReplicatedAgents agents(types_with_purses(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  const Committed done = transfer(agents, 0, 1, 5).commit();
  REQUIRE(done);
  CHECK(done.reply_to<Purse, Put>(0) == -5);
  CHECK(done.reply_to<Purse, Put>(1) == 5);

  const Committed refused = transfer(agents, 0, 1, 7).command<Purse>("q", "2", Drop{}).commit();
  CHECK(refused.error() == "failed: q/purse/2: it has a hole");
  CHECK(refused.size() == 0);
  CHECK(*agents.query<Purse>("q", "0", Count{}) == -5);
  CHECK(agents.query<Purse>("q", "2", Count{}).outcome() == Outcome::agent_not_found);

  CHECK(audit(agents, 2) == 0);
  CHECK(audit(agents, 3) == std::nullopt);
  CHECK(agents.transaction().commit().outcome() == Outcome::bad_request);
  CHECK(agents.transaction().command<Purse>("none", "0", Put{1}).commit().outcome() ==
        Outcome::quota_not_found);
  CHECK(*agents.command<Purse>("q", "0", Put{5}) == 0);
}

TEST_CASE("what was refused may be tried again, and steps of one agent are in order", "[hosting]") {
  ReplicatedAgents agents(types_with_purses(), RunOptions{});
  AgentTransaction transaction = agents.transaction();
  transaction.command<Purse>("q", "0", Put{1})
      .query<Purse>("q", "0", Count{})
      .command<Purse>("q", "0", Put{2});
  CHECK(transaction.commit().outcome() == Outcome::quota_not_found);
  REQUIRE(agents.put_quota("q", 10));
  const Committed done = transaction.commit();
  REQUIRE(done);
  CHECK(done.reply_to<Purse, Put>(0) == 1);
  CHECK(done.reply_to<Purse, Count>(1) == 1);
  CHECK(done.reply_to<Purse, Put>(2) == 3);
}

TEST_CASE("transactions of many threads keep all cents, seen at any moment", "[hosting]") {
  constexpr int count = 4;
  ReplicatedAgents agents(types_with_purses(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  for (int i = 0; i < count; ++i)
    REQUIRE(agents.command<Purse>("q", std::to_string(i), Put{}));
  std::vector<std::future<Committed>> futures;
  for (int n = 0; n < 40; ++n)
    futures.push_back(
        transfer(agents, n % count, (n + 1 + n / count % 3) % count, n).commit_future());
  for (int n = 0; n < 10; ++n)
    CHECK(audit(agents, count) == 0);
  for (std::future<Committed>& future : futures)
    CHECK(future.get().error() == "done");
  CHECK(audit(agents, count) == 0);
}

TEST_CASE("participants vote, and hear how a transaction has ended", "[hosting]") {
  ReplicatedAgents agents(types_with_purses(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  Drawer first_drawer;
  Drawer second_drawer;
  Clerk first("first", first_drawer);
  Clerk second("second", second_drawer);
  const auto commit = [&] {
    return transfer(agents, 0, 1, 5).participant(first).participant(second).commit();
  };
  CHECK(commit());
  CHECK(first_drawer.committed.size() == 1);
  CHECK(second_drawer.committed == first_drawer.committed);

  second.refuses = true;
  CHECK(commit().error() == "failed: second: not before noon");
  CHECK(first_drawer.aborted.size() == 1);
  second.refuses = false;
  second.throws = true;
  CHECK(commit().error() == "failed: second: no pencil");
  second.throws = false;

  auto future = transfer(agents, 0, 1, 5)
                    .participant(first)
                    .command<Purse>("q", "2", Drop{})
                    .commit_future(); // an agent refuses
  CHECK(future.get().outcome() == Outcome::failed);
  CHECK(first_drawer.aborted.size() == 3);
  CHECK(first_drawer.committed.size() == 1);
  CHECK((first_drawer.prepared.empty() && second_drawer.prepared.empty()));
  CHECK(agents.transaction().participant(second).commit()); // without any agent
  CHECK(*agents.query<Purse>("q", "1", Count{}) == 5);
}

TEST_CASE("a participant in doubt is told what was decided, when it comes again", "[hosting]") {
  ReplicatedAgents agents(types_with_purses(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  Drawer drawer;
  {
    Clerk clerk("clerk", drawer);
    clerk.is_gone = true;
    CHECK(transfer(agents, 0, 1, 5).participant(clerk).commit());
    CHECK_FALSE(agents.settle(clerk));
  }
  CHECK(drawer.prepared.size() == 1);
  const TransactionId unknown{1, 2}; // its coordinator has died before there was a decision
  drawer.prepared.insert(unknown);
  Clerk clerk("clerk", drawer);
  CHECK(agents.settle(clerk));
  CHECK(drawer.prepared.empty());
  CHECK(drawer.committed.size() == 1);
  CHECK(drawer.aborted == std::set<TransactionId>{unknown});
}

TEST_CASE("nodes move cents between their purses, and each finds all of them", "[hosting]") {
  constexpr int count = 6;
  const auto require = [](bool holds, const std::string& what) { // Catch is for one thread
    if (!holds)
      throw std::runtime_error("does not hold: " + what);
  };
  RunOptions options;
  options.cluster.heartbeat_s = 0.1;
  options.cluster.silence_timeout_s = 3;
  options.cluster.stop_timeout_s = 0.5;
  std::barrier together(3);
  nodes_in_threads(
      3,
      [&](NodeInThread& self) {
        ReplicatedAgents agents(types_with_purses(), self.node);
        require(static_cast<bool>(agents.put_quota("q", 1'000)), "put_quota");
        for (int i = 0; i < count; ++i)
          require(static_cast<bool>(agents.command<Purse>("q", std::to_string(i), Put{})), "put");
        together.arrive_and_wait();
        for (int n = 0; n < 15; ++n) {
          const int from = (n + static_cast<int>(self.index)) % count;
          const Committed done = transfer(agents, from, (from + 1 + n % 5) % count, n).commit();
          require(static_cast<bool>(done), "transfer: " + done.error());
          if (n % 5 == 0)
            require(audit(agents, count) == 0, "an audit in between");
        }
        together.arrive_and_wait();
        require(audit(agents, count) == 0, "an audit in the end");
        together.arrive_and_wait();
      },
      options);
}

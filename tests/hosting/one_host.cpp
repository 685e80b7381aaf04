#include "tests/hosting/made_up_host.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

using namespace stos;
using namespace stos::test;
using keyed::Outcome;

TEST_CASE("a process that is no node has all agents for itself", "[hosting]") {
  ReplicatedAgents agents(made_up_types(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  CHECK(agents.query<Ledger>("q", "a", Get{}).outcome() == Outcome::agent_not_found);
  CHECK(*agents.command<Ledger>("q", "a", Add{5}) == 5);
  CHECK(*agents.command<Ledger>("q", "a", Add{6}) == 11);
  CHECK(*agents.query<Ledger>("q", "a", Get{}) == 11);
  CHECK(agents.query<Ledger>("q", "b", Get{}).outcome() == Outcome::agent_not_found);
}

TEST_CASE("what does not work is an answer", "[hosting]") {
  RunOptions options;
  options.agents.token_every_s = 1'000;
  options.agents.tokens_max = 7;
  ReplicatedAgents agents(made_up_types(), options);
  REQUIRE(agents.put_quota("q", 2));
  CHECK(agents.command<Ledger>("elsewhere", "a", Add{}).outcome() == Outcome::quota_not_found);
  CHECK(agents.command<Ledger>("q", "", Add{}).outcome() == Outcome::bad_request);
  CHECK(agents.command<Ledger>("q", "a", Add{1}));
  CHECK(agents.command<Ledger>("q", "b", Add{1}));
  CHECK(agents.command<Ledger>("q", "c", Add{1}).outcome() == Outcome::quota_limit_reached);
  const auto thrown = agents.command<Ledger>("q", "b", Throw{});
  CHECK(thrown.outcome() == Outcome::failed);
  CHECK(thrown.error() == "failed: out of ink");
  const auto too_many = agents.command<Ledger>("q", "b", Add{1});
  CHECK(too_many.outcome() == Outcome::rate_limit_reached);
  CHECK(too_many.retry_after_ms() > 1'000);
  CHECK(*agents.query<Ledger>("q", "b", Get{}) == 1); // the last token
}

TEST_CASE("a type that is not registered is a bad request", "[hosting]") {
  ReplicatedAgents agents(keyed::AgentTypes{}, RunOptions{});
  REQUIRE(agents.put_quota("q", 2));
  CHECK(agents.command<Ledger>("q", "a", Add{}).outcome() == Outcome::bad_request);
}

TEST_CASE("quotas are put, listed, counted and deleted", "[hosting]") {
  RunOptions options;
  options.agents.tick_s = 0.1; // reports come as often
  ReplicatedAgents agents(made_up_types(), options);
  CHECK(agents.quota_usage("q").outcome() == Outcome::quota_not_found);
  REQUIRE(agents.put_quota("q", 10));
  REQUIRE(agents.put_quota("r", 20));
  CHECK(*agents.quotas() == std::vector<std::string>{"q", "r"});
  CHECK(*agents.quota_usage("q") == keyed::QuotaUsage{0, 10});
  REQUIRE(agents.command<Ledger>("q", "a", Add{1}));
  CHECK(*agents.quota_usage("q") == keyed::QuotaUsage{1, 10});
  REQUIRE(agents.delete_quota("q"));
  CHECK(*agents.quotas() == std::vector<std::string>{"r"});
  while (agents.query<Ledger>("q", "a", Get{})) // its agents go with the next report
    std::this_thread::yield();
}

TEST_CASE("many threads use one host, and futures do not wait", "[hosting]") {
  ReplicatedAgents agents(made_up_types(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n)
        static_cast<void>(agents.command<Ledger>("q", "a", Add{1}));
    });
  std::vector<std::future<keyed::RepliedTo<Ledger, Add>>> futures;
  for (int n = 0; n < 500; ++n)
    futures.push_back(agents.command_future<Ledger>("q", "a", Add{1}));
  for (auto& future : futures)
    CHECK(future.get());
  for (std::thread& thread : threads)
    thread.join();
  CHECK(*agents.query_future<Ledger>("q", "a", Get{}).get() == 900);
}

TEST_CASE("agents time out and go by ticks", "[hosting]") {
  RunOptions options;
  options.agents.tick_s = 0.1;
  ReplicatedAgents agents(made_up_types(), options);
  REQUIRE(agents.put_quota("q", 10));
  REQUIRE(agents.command<Ledger>("q", "a", SetOnTick{keyed::OnTick::timeout_after(1)}));
  while (*agents.query<Ledger>("q", "a", Get{}) == 0)
    std::this_thread::yield();
  CHECK(*agents.query<Ledger>("q", "a", Get{}) == 100);
  REQUIRE(agents.command<Ledger>("q", "b", SetOnTick{keyed::OnTick::deactivate_after_idle(1)}));
  while (agents.query<Ledger>("q", "b", Get{}))
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST_CASE("what is to be done outside is done once, and may wait for agents", "[hosting]") {
  std::atomic<int> effects = 0;
  std::atomic<ReplicatedAgents*> within = nullptr;
  std::promise<std::int64_t> waited;
  keyed::AgentTypes types;
  types.add<Ledger>().after_command<Add>([&](const keyed::AfterCommand<Ledger, Add>& x) {
    if (++effects != 1)
      return;
    CHECK(x.after->sum == 5);
    within.wait(nullptr);
    waited.set_value(*(*within).query<Ledger>("q", "a", Get{}));
  });
  ReplicatedAgents agents(std::move(types), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  REQUIRE(agents.command<Ledger>("q", "a", Add{5}));
  within = &agents;
  within.notify_all();
  CHECK(waited.get_future().get() == 5);
  CHECK(effects == 1);
}

/// Whatever becomes of the test.
struct ThenSet {
  std::promise<void>& promise;

  explicit ThenSet(std::promise<void>& what) : promise(what) {}
  ~ThenSet() { promise.set_value(); }
  ThenSet(const ThenSet&) = delete;
  ThenSet& operator=(const ThenSet&) = delete;
};

TEST_CASE("a callback of one group that blocks delays no other group", "[hosting]") {
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::promise<void> begun;
  std::atomic<int> others = 0;
  keyed::AgentTypes types;
  types.add<Ledger>().after_command<Add>([&](const keyed::AfterCommand<Ledger, Add>& x) {
    if (x.id.key != "slow") {
      ++others;
      return;
    }
    begun.set_value();
    ended.wait();
  });
  RunOptions options;
  options.agents.tick_s = 0.1; // groups are divided as often
  options.agents.per_group_max = 2;
  ReplicatedAgents agents(std::move(types), options);
  const ThenSet end_at_last{end}; // before the agents, which wait for the callback
  REQUIRE(agents.put_quota("q", 100));
  REQUIRE(agents.command<Ledger>("q", "slow", Add{1}));
  begun.get_future().wait();
  const auto tell_others = [&agents] {
    for (int n = 0; n < 10; ++n)
      if (const auto done = agents.command<Ledger>("q", std::to_string(n), Add{1}); !done)
        FAIL(done.error());
  };
  // Once there is another group, what its agents do outside is done. Not too often: a group with
  // very many callbacks that wait (keyed::NodeOptions::effects_max) takes no more commands.
  while (others == 0) {
    tell_others();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(*agents.command<Ledger>("q", "slow", Append{"still answers"}) == keyed::Nothing{});
}

TEST_CASE("with a folder, agents survive the end of their process", "[hosting]") {
  const FolderForTest folder;
  RunOptions options;
  options.agents.folder = folder.path;
  {
    ReplicatedAgents agents(made_up_types(), options);
    REQUIRE(agents.put_quota("q", 10));
    REQUIRE(agents.command<Ledger>("q", "a", Add{5}));
    CHECK_THROWS_WITH(ReplicatedAgents(made_up_types(), options), Catch::Contains("agents.folder"));
  }
  for (std::int64_t times = 1; times < 4; ++times) {
    ReplicatedAgents agents(made_up_types(), options);
    CHECK(*agents.query<Ledger>("q", "a", Get{}) == 5 * times);
    CHECK(*agents.command<Ledger>("q", "a", Add{5}) == 5 * (times + 1));
    CHECK(agents.quota_usage("q")->limit == 10);
  }
}

TEST_CASE("a folder with something else in it is refused", "[hosting]") {
  const FolderForTest folder;
  RunOptions options;
  options.agents.folder = folder.path;
  std::filesystem::create_directory(folder.path + "/alone");
  std::filesystem::create_directory(folder.path + "/alone/1.log");
  options.agents.folder = "/proc/nowhere";
  CHECK_THROWS_WITH(ReplicatedAgents(made_up_types(), options), Catch::Contains("/proc/nowhere"));
}

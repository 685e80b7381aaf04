#include "actors/thread_pool.hpp"
#include "tests/support/random_world.hpp"
#include "tests/support/unusual_world.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace stos;
using namespace stos::test;

namespace {

RunOptions with_workers(std::uint32_t workers, std::uint32_t domains_per_worker = 1) {
  RunOptions options;
  options.workers = workers;
  options.domains_per_worker = domains_per_worker;
  options.progress = ProgressMode::never;
  return options;
}

RunSummary run(const WorldPlan& plan, const RunOptions& options) {
  return run_random_world<ThreadPool<0>>(plan, options);
}

} // namespace

TEST_CASE("a random world has one outcome on any number of workers") {
  for (std::uint64_t seed = 1; seed <= 240; ++seed) {
    INFO("world seed " << seed);
    const WorldPlan plan = plan_of(seed);
    const RunSummary oracle = run(plan, {});
    for (const std::uint32_t workers : {1u, 2u, 4u}) {
      INFO("workers " << workers);
      const RunSummary summary = run(plan, with_workers(workers, 1 + seed % 2));
      REQUIRE(summary.digest.to_string() == oracle.digest.to_string());
      REQUIRE(summary.value_digest().to_string() == oracle.value_digest().to_string());
      REQUIRE(summary.sent == summary.absorbed + summary.in_flight + summary.dropped);
      REQUIRE(summary.dropped == oracle.dropped);
      REQUIRE(summary.agents_born == oracle.agents_born);
    }
  }
}

TEST_CASE("an unusual world has one outcome on any number of workers") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    INFO("unusual world " << seed << ", scene " << static_cast<int>(plan.scene));
    const std::string expected = outcome_of(run_unusual_world<ThreadPool<0>>(plan));
    for (const std::uint32_t workers : {1u, 2u, 4u}) {
      INFO("workers " << workers);
      REQUIRE(outcome_of(run_unusual_world<ThreadPool<0>>(
                  plan, with_workers(workers, 1 + seed % 2))) == expected);
    }
  }
}

TEST_CASE("a random world has one outcome ten times over while the machine is busy") {
  std::atomic<bool> stop{false};
  std::vector<std::thread> load;
  for (int i = 0; i < 2; ++i)
    load.emplace_back([&stop] {
      while (!stop.load(std::memory_order_relaxed))
        std::this_thread::yield();
    });
  for (std::uint64_t seed = 301; seed <= 312; ++seed) {
    const WorldPlan plan = plan_of(seed);
    const std::string expected = run(plan, {}).digest.to_string();
    for (int repetition = 0; repetition < 10; ++repetition)
      for (const std::uint32_t workers : {1u, 2u, 4u}) {
        INFO("world seed " << seed << ", workers " << workers << ", repetition " << repetition);
        CHECK(run(plan, with_workers(workers)).digest.to_string() == expected);
      }
  }
  stop = true;
  for (std::thread& thread : load)
    thread.join();
}

TEST_CASE("several simulations run at once in one process and do not disturb each other") {
  std::vector<std::string> alone;
  std::vector<std::string> together(6);
  for (std::uint64_t seed = 501; seed <= 506; ++seed)
    alone.push_back(run(plan_of(seed), {}).digest.to_string());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < together.size(); ++i)
    threads.emplace_back([i, &together] {
      together[i] =
          run(plan_of(501 + i), with_workers(static_cast<std::uint32_t>(i % 3))).digest.to_string();
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(together == alone);
}

TEST_CASE("a world without any agent is over at once, on any number of workers") {
  for (const std::uint32_t workers : {0u, 1u, 2u, 4u}) {
    stos::RunOptions options;
    options.workers = workers;
    stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>> nobody(options);
    CHECK(nobody.run(10).agents_born == 0);
  }
}

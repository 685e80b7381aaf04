#include "actors/service/effect_threads.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace stos;
using detail::EffectThreads;

TEST_CASE("callbacks of a group run in order, also behind one that throws", "[hosting]") {
  std::vector<int> seen[3];
  {
    EffectThreads threads;
    for (int n = 0; n < 3'000; ++n)
      threads.add({static_cast<std::uint64_t>(n % 3)}, [&seen, n] {
        seen[n % 3].push_back(n);
        if (n == 4)
          throw std::runtime_error("a callback of this test");
      });
  }
  for (int group = 0; group < 3; ++group) {
    REQUIRE(seen[group].size() == 1'000);
    for (int n = 0; n < 1'000; ++n)
      CHECK(seen[group][static_cast<std::size_t>(n)] == 3 * n + group);
  }
}

TEST_CASE("a group does not wait for the callbacks of others", "[hosting]") {
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  EffectThreads threads;
  for (std::uint64_t group = 1; group < EffectThreads::threads_max; ++group) {
    threads.add({group}, [ended] { ended.wait(); });
    threads.add({group}, [] {});
  }
  for (int n = 0; n < 100; ++n) {
    std::promise<void> done;
    threads.add({1'000}, [&done] { done.set_value(); });
    done.get_future().wait();
  }
  CHECK(threads.waiting({1}) == 2);
  end.set_value();
  while (threads.waiting({1}) > 0)
    std::this_thread::yield();
}

TEST_CASE("more groups than threads wait for a thread", "[hosting]") {
  std::atomic<int> done = 0;
  {
    EffectThreads threads;
    for (std::uint64_t group = 0; group < 3 * EffectThreads::threads_max; ++group)
      threads.add({group}, [&done] {
        std::this_thread::yield();
        ++done;
      });
  }
  CHECK(done == 3 * EffectThreads::threads_max);
}

#pragma once

#include "libstos/base/ids.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace stos::detail {

/// A domain of one node, or its gateway, which comes after them.
struct RunnerIndex : Index<RunnerIndex> {
  using Index::Index;
  constexpr RunnerIndex(DomainIndex domain) : Index(domain.number()) {}

  /// @pre it is not the gateway
  [[nodiscard]] constexpr DomainIndex domain() const { return DomainIndex(number()); }
};

/// Which runners are awake: the domains of one node, and its gateway if it has one. Each of them
/// runs on one thread at a time, and parks when it can do nothing.
///
/// A runner that is woken while it runs is told when it wants to park, and runs on: no news is
/// lost. The *activity* counts runners that are awake, and threads that hold it up for a moment.
/// A thread that lets it go to zero knows that nothing is under way, and has the whole node to
/// itself until it wakes a runner.
///
/// Threads: all functions by any, except as they say.
/// Source:  termination detection by an activity count.
class Runners {
public:
  using Schedule = std::function<void(RunnerIndex)>;

  /// `schedule(i)` must arrange for runner i to run soon, on any thread.
  Runners(std::size_t runners, Schedule schedule);

  /// All are awake and scheduled.
  void start();

  [[nodiscard]] std::size_t size() const { return states_.size(); }
  [[nodiscard]] Indices<RunnerIndex> all() const { return states_.indices(); }
  [[nodiscard]] bool is_parked(RunnerIndex runner) const {
    return states_[runner].state.load(std::memory_order_seq_cst) == parked;
  }

  /// There is news for `runner`: if it was parked, it is awake and scheduled.
  void wake(RunnerIndex runner);

  /// By the runner's own thread: it sleeps from now on. False if there is news: it runs again. It
  /// still counts as active until let_go().
  [[nodiscard]] bool fall_asleep(RunnerIndex runner);

  /// By that thread, before let_go(): it runs again after all. False if another one has woken it.
  [[nodiscard]] bool get_up(RunnerIndex runner);

  /// How many are active: no runner if it is 0.
  [[nodiscard]] std::int64_t active() const { return active_.load(); }

  /// About how many are, which costs nothing.
  [[nodiscard]] std::int64_t roughly_active() const {
    return active_.load(std::memory_order_relaxed);
  }

  /// Counts the caller as active, too. Of the second one: unless nothing is; then it returns false.
  void hold() { active_.fetch_add(1); }
  [[nodiscard]] bool hold_if_active();

  /// The opposite, also for a runner that has fallen asleep. Whether it was the last one.
  [[nodiscard]] bool let_go() { return active_.fetch_sub(1) == 1; }

  /// All of `runners` are awake and scheduled. @pre they are parked, and nothing wakes them
  /// meanwhile
  void wake_all(const std::vector<RunnerIndex>& runners);

  /// How often one that slept was woken.
  [[nodiscard]] std::uint64_t wakeups() const { return wakeups_.load(std::memory_order_relaxed); }

private:
  enum State : int { parked, running, running_with_news };
  struct alignas(64) Slot {
    std::atomic<int> state{running};
  };

  VectorBy<RunnerIndex, Slot> states_;
  const Schedule schedule_;
  alignas(64) std::atomic<std::int64_t> active_{0};
  std::atomic<std::uint64_t> wakeups_{0};
};

} // namespace stos::detail

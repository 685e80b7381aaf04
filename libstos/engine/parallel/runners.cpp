#include "libstos/engine/parallel/runners.hpp"

#include "libstos/base/assert.hpp"

#include <utility>

namespace stos::detail {

Runners::Runners(std::size_t runners, Schedule schedule)
    : states_(runners), schedule_(std::move(schedule)) {}

void Runners::start() {
  active_.store(static_cast<std::int64_t>(size()));
  for (const RunnerIndex runner : all())
    schedule_(runner);
}

void Runners::wake(RunnerIndex runner) {
  std::atomic<int>& state = states_[runner].state;
  int seen = state.load();
  for (;;) {
    if (seen == running_with_news)
      return;
    if (seen == running) {
      if (state.compare_exchange_weak(seen, running_with_news))
        return;
    } else if (state.compare_exchange_weak(seen, running)) {
      active_.fetch_add(1);
      wakeups_.fetch_add(1, std::memory_order_relaxed);
      schedule_(runner);
      return;
    }
  }
}

bool Runners::fall_asleep(RunnerIndex runner) {
  std::atomic<int>& state = states_[runner].state;
  int expected = running;
  if (state.compare_exchange_strong(expected, parked, std::memory_order_seq_cst))
    return true;
  STOS_ASSERT(expected == running_with_news, "a domain or gateway ran that was not woken");
  state.store(running, std::memory_order_seq_cst);
  return false;
}

bool Runners::get_up(RunnerIndex runner) {
  int expected = parked;
  return states_[runner].state.compare_exchange_strong(expected, running);
}

bool Runners::hold_if_active() {
  std::int64_t seen = active_.load();
  while (seen != 0 && !active_.compare_exchange_weak(seen, seen + 1))
    ;
  return seen != 0;
}

void Runners::wake_all(const std::vector<RunnerIndex>& runners) {
  for (const RunnerIndex runner : runners)
    STOS_ASSERT(states_[runner].state.exchange(running) == parked, "a domain is awake");
  active_.fetch_add(static_cast<std::int64_t>(runners.size()));
  wakeups_.fetch_add(runners.size(), std::memory_order_relaxed);
  for (const RunnerIndex runner : runners)
    schedule_(runner);
}

} // namespace stos::detail

#include "actors/run/load_leveller.hpp"

#include "actors/status/status_desk.hpp"
#include "libstos/base/assert.hpp"

namespace stos::detail {

namespace {

// As it is for networks that lead from anywhere to anywhere in memory.
double seconds_to_change(std::size_t agents, std::size_t channels) {
  constexpr double of_an_agent = 1e-6;
  constexpr double of_a_channel = 5e-7;
  return of_an_agent * static_cast<double>(agents) + of_a_channel * static_cast<double>(channels);
}

} // namespace

LoadLeveller::LoadLeveller(DomainSet& set, std::size_t agents, std::size_t channels, Tasks tasks)
    : set_(set), tasks_(tasks), balance_(agents),
      trial_(steady_seconds(), seconds_to_change(agents, channels), set.is_divided()),
      division_(set) {}

template <class Advice>
void LoadLeveller::stop_and_follow(Advice advice) {
  const bool is_only_one = set_.stops().want_division([this, advice] {
    follow(advice);
    let_others_look();
  });
  STOS_ASSERT(is_only_one, "another division is wanted already");
}

void LoadLeveller::look() {
  const double now_s = steady_seconds();
  if (now_s < next_look_s_.load(std::memory_order_relaxed) || set_.board().finished() ||
      is_looking_.exchange(true, std::memory_order_acquire))
    return;
  if (const std::uint64_t shown = set_.stops().shown(); std::exchange(shown_, shown) != shown) {
    trial_.measure_anew(now_s, set_.loads());
    balance_.begin_again(now_s);
  }
  const ParallelTrial::Advice advice =
      tasks_.tries_together ? trial_.look(now_s, set_.loads()) : ParallelTrial::Advice::go_on;
  if (advice == ParallelTrial::Advice::go_on) {
    look_at_balance(now_s);
    return;
  }
  stop_and_follow(advice);
}

void LoadLeveller::look_at_balance(double now_s) {
  const LoadBalance::Advice advice =
      tasks_.divides_by_load && (!tasks_.tries_together || trial_.is_settled_divided())
          ? balance_.look(now_s, set_.loads())
          : LoadBalance::Advice::go_on;
  if (advice == LoadBalance::Advice::go_on) {
    let_others_look();
    return;
  }
  stop_and_follow(advice);
}

void LoadLeveller::follow(ParallelTrial::Advice advice) {
  const double began_s = steady_seconds();
  const bool done =
      advice == ParallelTrial::Advice::divide ? set_.divide_in_space() : set_.bring_together();
  const double now_s = steady_seconds();
  trial_.followed(began_s, now_s, set_.loads(), done);
  balance_.begin_again(now_s);
}

void LoadLeveller::follow(LoadBalance::Advice advice) {
  switch (advice) {
    case LoadBalance::Advice::go_on: break;
    case LoadBalance::Advice::note:
      division_.note();
      balance_.noted(steady_seconds(), set_.loads());
      break;
    case LoadBalance::Advice::divide: {
      const bool is_better = division_.divide(LoadBalance::seconds_per_event(set_.loads()));
      balance_.divided(steady_seconds(), set_.loads(), is_better);
      break;
    }
    case LoadBalance::Advice::take_back:
      division_.take_back();
      balance_.taken_back(steady_seconds());
      break;
  }
}

void LoadLeveller::let_others_look() {
  double next_s = tasks_.divides_by_load ? balance_.next_look_s() : trial_.next_look_s();
  if (tasks_.tries_together)
    next_s =
        trial_.is_settled_divided() ? std::min(next_s, trial_.next_look_s()) : trial_.next_look_s();
  is_attempt_.store(trial_.is_attempt(), std::memory_order_relaxed);
  next_look_s_.store(next_s, std::memory_order_relaxed);
  is_looking_.store(false, std::memory_order_release);
}

} // namespace stos::detail

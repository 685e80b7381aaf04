#include "actors/load_leveller.hpp"

#include "actors/status_desk.hpp"

namespace stos::detail {

LoadLeveller::LoadLeveller(DomainSet& set, std::size_t agents)
    : set_(set), balance_(agents), division_(set) {}

void LoadLeveller::look() {
  const double now_s = steady_seconds();
  if (now_s < next_look_s_.load(std::memory_order_relaxed) || set_.board().finished() ||
      somebody_looks_.exchange(true, std::memory_order_acquire))
    return;
  const LoadBalance::Advice advice = balance_.look(now_s, set_.loads());
  if (advice == LoadBalance::Advice::go_on) {
    let_others_look();
    return;
  }
  set_.board().stop_and([this, advice] {
    follow(advice);
    let_others_look();
  });
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
  next_look_s_.store(balance_.next_look_s(), std::memory_order_relaxed);
  somebody_looks_.store(false, std::memory_order_release);
}

} // namespace stos::detail

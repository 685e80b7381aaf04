#include "libstos/engine/parallel/load_balance.hpp"

#include <algorithm>
#include <numeric>

namespace stos::detail {
namespace {

constexpr double period_s_min = 0.005;
constexpr double period_s_per_agent = 1e-6;            // several times what a stop takes for each
constexpr std::uint64_t events_for_each_domain = 1000; // make a period

// A domain has too much to do if its busy time is that much above the average, and it is hardly
// ever the one that waits.
constexpr double too_much = 1.12;
constexpr double hardly_waits = 0.6;
constexpr double periods_to_watch = 2;

constexpr double much_slower = 0.5; // is taken back without waiting for more events,
constexpr double much_slower_periods = 3;
constexpr double slower = 0.95;  // than before is a division to be taken back
constexpr double after_gain = 2; // the next attempt has to wait longer by that,
constexpr double after_vain = 8; // or by that,
constexpr double rest_periods_min = 4;
constexpr double rest_periods_max = 2000;

} // namespace

LoadBalance::LoadBalance(std::size_t agents)
    : period_s_(period_s_min + period_s_per_agent * static_cast<double>(agents)),
      rest_s_(rest_periods_min * period_s_) {}

LoadBalance::Period LoadBalance::judge(double now_s, std::span<const DomainLoad> loads) const {
  Period period;
  std::uint64_t events = 0;
  double sum_s = 0;
  double most_s = 0;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    events += loads[i].events - before_[i].events;
    const double busy_s = loads[i].busy_s - before_[i].busy_s;
    sum_s += busy_s;
    most_s = std::max(most_s, busy_s);
  }
  const double length_s = now_s - began_s_;
  const auto domains = static_cast<double>(loads.size());
  period.enough = events >= events_for_each_domain * loads.size();
  period.rate = static_cast<double>(events) / length_s;
  period.busiest_of_average = sum_s > 0 ? most_s * domains / sum_s : 1;
  period.busiest_of_all_time = most_s / length_s;
  return period;
}

void LoadBalance::begin_period(double now_s, std::span<const DomainLoad> loads, double periods) {
  began_s_ = now_s;
  before_.assign(loads.begin(), loads.end());
  next_look_s_ = now_s + periods * period_s_;
}

void LoadBalance::rest(double now_s, double factor) {
  phase_ = Phase::watch;
  before_.clear();
  next_look_s_ = now_s + rest_s_;
  rest_s_ = std::min(factor * rest_s_, rest_periods_max * period_s_);
}

LoadBalance::Advice LoadBalance::look(double now_s, std::span<const DomainLoad> loads) {
  if (now_s < next_look_s_)
    return Advice::go_on;
  if (before_.empty()) {
    begin_period(now_s, loads, periods_to_watch);
    return Advice::go_on;
  }
  const Period period = judge(now_s, loads);
  const bool is_new = phase_ == Phase::settle || phase_ == Phase::trial;
  if (is_new && now_s >= began_s_ + much_slower_periods * period_s_ &&
      period.rate < much_slower * rate_before_)
    return Advice::take_back;
  if (!period.enough) {
    next_look_s_ = now_s + period_s_;
    return Advice::go_on;
  }
  switch (phase_) {
    case Phase::watch:
      if (period.busiest_of_average >= too_much && period.busiest_of_all_time >= hardly_waits)
        return Advice::note;
      begin_period(now_s, loads, periods_to_watch);
      return Advice::go_on;
    case Phase::noted: rate_before_ = period.rate; return Advice::divide;
    case Phase::settle:
      phase_ = Phase::trial;
      begin_period(now_s, loads);
      return Advice::go_on;
    case Phase::trial: break;
  }
  if (period.rate < slower * rate_before_)
    return Advice::take_back;
  rest(now_s, after_gain);
  return Advice::go_on;
}

void LoadBalance::noted(double now_s, std::span<const DomainLoad> loads) {
  phase_ = Phase::noted;
  begin_period(now_s, loads);
}

void LoadBalance::divided(double now_s, std::span<const DomainLoad> loads, bool is_better) {
  if (!is_better) {
    rest(now_s, after_vain);
    return;
  }
  phase_ = Phase::settle;
  begin_period(now_s, loads);
}

void LoadBalance::taken_back(double now_s) { rest(now_s, after_vain); }

std::vector<double> LoadBalance::seconds_per_event(std::span<const DomainLoad> loads) {
  DomainLoad all;
  for (const DomainLoad& load : loads) {
    all.events += load.events;
    all.busy_s += load.busy_s;
  }
  const auto of = [](const DomainLoad& load) {
    return load.busy_s / static_cast<double>(std::max<std::uint64_t>(load.events, 1));
  };
  std::vector<double> seconds;
  for (const DomainLoad& load : loads)
    seconds.push_back(load.events < events_for_each_domain || !(load.busy_s > 0) ? of(all)
                                                                                 : of(load));
  return seconds;
}

} // namespace stos::detail

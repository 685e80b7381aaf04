#include "libstos/engine/parallel/parallel_trial.hpp"

#include <algorithm>

namespace stos::detail {
namespace {

constexpr double period_s_min = 0.002;
constexpr double changes_in_a_period = 2;
constexpr std::uint64_t events_min = 1000; // make a period,
constexpr double periods_max = 20;         // or so much time
constexpr double idle_s_min = 0.004;       // spent on waiting is enough,
constexpr double idle_changes = 0.5;       // or so much

// Bad signs: domains that are busy for less than that part of the time, agents tried in vain, and
// lambdas for other domains, each as a part of the events.
constexpr double busy_min = 0.65;
constexpr double idle_below = 0.3;
constexpr double vain_max = 0.25;
constexpr double remote_max = 0.2;

constexpr double clearly_faster = 1.1;
constexpr double hopeless = 0.5; // of the rate before: after a part of the period, too
constexpr double hopeless_after = 0.25;
constexpr double rest_periods_min = 30;
constexpr double rest_growth = 2;
constexpr double rest_s_max = 600;

} // namespace

ParallelTrial::ParallelTrial(double now_s, double change_s, bool divided)
    : phase_(divided ? Phase::divided : Phase::together), following_(phase_), change_s_(change_s) {
  rest_s_ = rest_periods_min * period_s();
  begin_period(now_s, {}, period_s());
  if (!divided) // it is not known how fast the other way is: a first attempt is due soon
    rested_until_s_ = now_s + 4 * period_s();
}

double ParallelTrial::period_s() const {
  return std::max(period_s_min, changes_in_a_period * change_s_);
}

double ParallelTrial::idle_s() const { return std::max(idle_s_min, idle_changes * change_s_); }

void ParallelTrial::begin_period(double now_s, std::span<const DomainLoad> loads, double length_s) {
  began_s_ = now_s;
  before_.assign(loads.begin(), loads.end());
  next_look_s_ = now_s + (phase_ == Phase::divided ? std::min(length_s, idle_s()) : length_s);
}

ParallelTrial::Period ParallelTrial::judge(double now_s, std::span<const DomainLoad> loads) const {
  Period period;
  double busy_s = 0;
  std::uint64_t vain = 0;
  std::uint64_t remote = 0;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const DomainLoad before = before_.empty() ? DomainLoad{} : before_[i];
    period.events += loads[i].events - before.events;
    vain += loads[i].vain - before.vain;
    remote += loads[i].remote - before.remote;
    busy_s += loads[i].busy_s - before.busy_s;
  }
  const auto events = static_cast<double>(period.events);
  period.length_s = now_s - began_s_;
  period.rate = events / period.length_s;
  const double busy_part = busy_s / (period.length_s * static_cast<double>(loads.size()));
  period.is_idle = busy_part < idle_below;
  period.is_bad = busy_part < busy_min || static_cast<double>(vain) > vain_max * events ||
                  static_cast<double>(remote) > remote_max * events;
  return period;
}

void ParallelTrial::rest(double now_s, std::span<const DomainLoad> loads) {
  rested_until_s_ = now_s + rest_s_;
  rest_s_ = std::min(rest_growth * rest_s_, rest_s_max);
  begin_period(now_s, loads, phase_ == Phase::together ? rest_s_ / rest_growth : period_s());
}

ParallelTrial::Advice ParallelTrial::look(double now_s, std::span<const DomainLoad> loads) {
  if (now_s < next_look_s_)
    return Advice::go_on;
  const Period period = judge(now_s, loads);
  const Advice back = phase_ == Phase::together_attempt ? Advice::divide : Advice::bring_together;
  if (is_attempt() && period.rate < hopeless * rate_before_ &&
      period.length_s >= hopeless_after * period_s()) {
    following_ = phase_ == Phase::together_attempt ? Phase::divided : Phase::together;
    return back;
  }
  const bool is_long_enough =
      period.length_s >= period_s() &&
      (period.events >= events_min || period.length_s >= periods_max * period_s());
  const bool waits = phase_ == Phase::divided && period.is_idle && period.length_s >= idle_s();
  if (!is_long_enough && !waits) {
    next_look_s_ = now_s + hopeless_after * period_s();
    return Advice::go_on;
  }
  switch (phase_) {
    case Phase::divided:
      if (now_s < rested_until_s_ || !period.is_bad) {
        begin_period(now_s, loads, period_s());
        return Advice::go_on;
      }
      rate_before_ = period.rate;
      following_ = Phase::together_attempt;
      return Advice::bring_together;
    case Phase::together:
      if (now_s < rested_until_s_) {
        next_look_s_ = rested_until_s_;
        return Advice::go_on;
      }
      rate_before_ = period.rate;
      following_ = Phase::divided_attempt;
      return Advice::divide;
    case Phase::together_attempt:
    case Phase::divided_attempt: break;
  }
  // Of two that are about as fast, the one that takes less processor time is the better one.
  const bool stays = phase_ == Phase::together_attempt
                         ? clearly_faster * period.rate > rate_before_
                         : period.rate > clearly_faster * rate_before_;
  if (!stays) {
    following_ = phase_ == Phase::together_attempt ? Phase::divided : Phase::together;
    return back;
  }
  phase_ = phase_ == Phase::together_attempt ? Phase::together : Phase::divided;
  rest(now_s, loads);
  return Advice::go_on;
}

void ParallelTrial::followed(double began_s, double now_s, std::span<const DomainLoad> loads,
                             bool done) {
  change_s_ = std::max(now_s - began_s, 0.5 * change_s_);
  if (done)
    phase_ = following_;
  else
    phase_ = is_divided() ? Phase::divided : Phase::together;
  if (phase_ == Phase::divided || phase_ == Phase::together)
    rest(now_s, loads);
  else
    begin_period(now_s, loads, hopeless_after * period_s());
}

} // namespace stos::detail

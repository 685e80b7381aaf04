#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::detail {

/// What a domain has had to do so far.
struct DomainLoad {
  std::uint64_t events = 0; ///< executed
  double busy_s = 0;        ///< wall-clock time in which it had something to execute
  std::uint64_t vain = 0;   ///< times an agent was taken up that could execute nothing
  std::uint64_t remote = 0; ///< lambdas for agents of other domains
};

/// Decides when it is worth while to divide the agents of a node among its domains anew.
///
/// The engine shows it the domains' loads, period by period. If one domain has been busier
/// than the average by a good part, and hardly ever waited, agents' events are noted, and a period
/// later agents are divided by what they have executed meanwhile, if those loads say the same.
/// Where that makes the run slower, since agents that wait for each other got apart, it is taken
/// back. Each attempt makes the time until the next one longer, those in vain most, so that a world
/// for which there is no better division pays a few thousandths of its time for the search.
///
/// Nothing that can be observed in the simulation depends on its decisions, so they may depend on
/// the wall clock.
///
/// Units:   seconds of a clock that does not go back.
/// Threads: none inside.
class LoadBalance {
public:
  /// `agents`: a stop looks at all of them, so that a period is longer where there are many.
  explicit LoadBalance(std::size_t agents);

  enum class Advice {
    go_on,
    note,     ///< the events that each agent has executed, at a stop; then continue with noted()
    divide,   ///< by load, at a stop; then continue with divided()
    take_back ///< the last division, at a stop; then continue with taken_back()
  };

  /// Before that, look() says go_on.
  [[nodiscard]] double next_look_s() const { return next_look_s_; }

  [[nodiscard]] Advice look(double now_s, std::span<const DomainLoad> loads);

  /// The advice was followed, at `now_s`. A new division that is not better than the old one is
  /// none (`is_better`).
  void noted(double now_s, std::span<const DomainLoad> loads);
  void divided(double now_s, std::span<const DomainLoad> loads, bool is_better);
  void taken_back(double now_s);

  /// Agents were divided in another way: what was measured so far means nothing any more.
  void begin_again(double now_s) {
    phase_ = Phase::watch;
    before_.clear();
    next_look_s_ = now_s;
  }

  /// What an event costs in each domain, in seconds: the average of the run so far. Domains that
  /// have executed next to nothing get the average of all.
  [[nodiscard]] static std::vector<double> seconds_per_event(std::span<const DomainLoad> loads);

private:
  enum class Phase {
    watch,  ///< is there a domain that has too much to do?
    noted,  ///< what do its agents execute?
    settle, ///< the first period of a new division does not count
    trial   ///< is it faster than the old one?
  };

  struct Period {
    double rate = 0;                ///< events per second, in all domains
    bool enough = false;            ///< events to judge by
    double busiest_of_average = 1;  ///< its busy time, as a multiple of the average
    double busiest_of_all_time = 0; ///< the share of the period in which it was busy
  };
  [[nodiscard]] Period judge(double now_s, std::span<const DomainLoad> loads) const;
  void begin_period(double now_s, std::span<const DomainLoad> loads, double periods = 1);
  void rest(double now_s, double factor);

  const double period_s_;
  double next_look_s_ = 0;
  double rest_s_;
  Phase phase_ = Phase::watch;
  double began_s_ = 0;             // the period
  std::vector<DomainLoad> before_; // as it began; empty before the first one
  double rate_before_ = 0;         // the last division
};

} // namespace stos::detail

#pragma once

#include "libstos/engine/parallel/load_balance.hpp"

#include <cstdint>
#include <span>

namespace stos::detail {

/// Decides whether the agents of a node run faster divided among its domains or together in one.
///
/// Light cones give some models nothing to do in parallel: all agents in one place, a star, each
/// agent in touch with all others. Then domains wait for each other, try agents in vain, or hand
/// over most lambdas, and one of them alone would be faster. The loads show such signs; where they
/// do, the agents are brought together for a while, and the faster way is kept. Agents that run
/// together are divided again at times, since the model may have changed. Each attempt in vain
/// makes the time until the next one longer, so that the search takes a few hundredths of the run
/// at most. A run without bad signs is left alone.
///
/// Nothing that can be observed in the simulation depends on its decisions, so they may depend on
/// the wall clock.
///
/// Units:   seconds of a clock that does not go back.
/// Threads: none inside.
class ParallelTrial {
public:
  /// The run begins at `now_s`, with its agents `divided` or together. `change_s` is about how long
  /// it takes to change that; it will be measured.
  ParallelTrial(double now_s, double change_s, bool divided);

  enum class Advice {
    go_on,
    bring_together, ///< all agents into one domain, at a stop; then continue with followed()
    divide          ///< among all domains, at a stop; then continue with followed()
  };

  /// Before that, look() says go_on.
  [[nodiscard]] double next_look_s() const { return next_look_s_; }
  [[nodiscard]] Advice look(double now_s, std::span<const DomainLoad> loads);

  /// The advice was followed in the time from `began_s` to `now_s`; or it was not (`done`), since
  /// the agents cannot be divided.
  void followed(double began_s, double now_s, std::span<const DomainLoad> loads, bool done);

  /// What was measured so far is of no use: the domains have stood still for something else.
  void measure_anew(double now_s, std::span<const DomainLoad> loads) {
    begin_period(now_s, loads, period_s());
  }

  /// Whether the agents are divided, and no attempt is under way.
  [[nodiscard]] bool is_settled_divided() const { return phase_ == Phase::divided; }
  [[nodiscard]] bool is_attempt() const {
    return phase_ == Phase::together_attempt || phase_ == Phase::divided_attempt;
  }
  [[nodiscard]] bool is_divided() const {
    return phase_ == Phase::divided || phase_ == Phase::divided_attempt;
  }

private:
  enum class Phase {
    divided,          ///< are there bad signs?
    together,         ///< until it is time to try again
    together_attempt, ///< is it faster than divided?
    divided_attempt   ///< is it faster than together?
  };

  struct Period {
    double length_s = 0;
    std::uint64_t events = 0;
    double rate = 0; ///< events per second
    bool is_bad = false;
    bool is_idle = false; ///< most of it was waiting
  };
  [[nodiscard]] Period judge(double now_s, std::span<const DomainLoad> loads) const;
  void begin_period(double now_s, std::span<const DomainLoad> loads, double length_s);
  void rest(double now_s, std::span<const DomainLoad> loads);
  [[nodiscard]] double period_s() const;
  [[nodiscard]] double idle_s() const;

  Phase phase_;
  Phase following_;
  double change_s_; // what bringing together or dividing takes
  double rest_s_ = 0;
  double rested_until_s_ = 0;
  double began_s_ = 0; // the period
  double next_look_s_ = 0;
  std::vector<DomainLoad> before_; // as it began
  double rate_before_ = 0;         // the attempt
};

} // namespace stos::detail

#pragma once

#include "libstos/engine/parallel/load_balance.hpp"
#include "libstos/engine/parallel/load_division.hpp"
#include "libstos/engine/parallel/parallel_trial.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stos::detail {

/// Divides the agents of one run among its domains in the way that is fastest: measures with the
/// wall clock, and carries out what LoadBalance and ParallelTrial advise, at stops (see Stops).
///
/// Threads: look() may be called from all workers; one of them looks at a time. What has to be done
///          at a stop is done by the thread of the last domain that parks.
/// Cost:    look() reads a clock, most often nothing else.
class LoadLeveller {
public:
  struct Tasks {
    bool divides_by_load = true; ///< see LoadBalance
    bool tries_together = true;  ///< see ParallelTrial
  };

  /// @pre `set` has no links, and a DomainBoard::Patience with a clock; it outlives this
  LoadLeveller(DomainSet& set, std::size_t agents, std::size_t channels, Tasks tasks);
  LoadLeveller(const LoadLeveller&) = delete;
  LoadLeveller& operator=(const LoadLeveller&) = delete;

  /// To be called by a domain's thread before it runs the domain.
  void look();

  /// How much a domain had best do until the next look, if it is to do `events_max` at most.
  [[nodiscard]] std::uint64_t slice(std::uint64_t events_max) const {
    return is_attempt_.load(std::memory_order_relaxed) ? std::min(events_max, attempt_slice)
                                                       : events_max;
  }

private:
  void look_at_balance(double now_s);
  template <class Advice>
  void stop_and_follow(Advice advice);
  void follow(LoadBalance::Advice advice);
  void follow(ParallelTrial::Advice advice);
  void let_others_look();

  static constexpr std::uint64_t attempt_slice = 256;

  DomainSet& set_;
  const Tasks tasks_;
  LoadBalance balance_;
  ParallelTrial trial_;
  LoadDivision division_;
  std::uint64_t shown_ = 0; // how often the world had been shown at the last look
  std::atomic<double> next_look_s_{0};
  std::atomic<bool> is_looking_{false}; // or waits for a stop
  std::atomic<bool> is_attempt_{false}; // which may turn out to be slow
};

} // namespace stos::detail

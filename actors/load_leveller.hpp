#pragma once

#include "libstos/agent/load_balance.hpp"
#include "libstos/agent/load_division.hpp"

#include <atomic>
#include <cstddef>
#include <functional>

namespace stos::detail {

/// Keeps the domains of one run evenly loaded: measures with the wall clock, and carries out what
/// LoadBalance advises.
///
/// Threads: look() may be called from all workers; one of them looks at a time. What has to be done
///          at a stop is done by the thread of the last domain that parks.
/// Cost:    look() reads a clock, most often nothing else.
class LoadLeveller {
public:
  /// @pre `set` has no links, and a DomainBoard::Patience with a clock; it outlives this
  LoadLeveller(DomainSet& set, std::size_t agents);
  LoadLeveller(const LoadLeveller&) = delete;
  LoadLeveller& operator=(const LoadLeveller&) = delete;

  /// To be called by a domain's thread before it runs the domain.
  void look();

private:
  void follow(LoadBalance::Advice advice);
  void let_others_look();

  DomainSet& set_;
  LoadBalance balance_;
  LoadDivision division_;
  std::atomic<double> next_look_s_{0};
  std::atomic<bool> somebody_looks_{false}; // or waits for a stop
};

} // namespace stos::detail

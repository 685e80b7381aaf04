#pragma once

#include <cstdint>
#include <limits>

namespace stos {

/// Time in cycles of equal length: cycle n lasts from `begin + n * length`, that moment with it, to
/// the beginning of cycle n + 1, without it.
///
/// Units:  those of the times that it is asked about, an agent's own clock as a rule. Agents at
/// rest
///         have the same cycles if they were born at the same time.
/// Errors: UsageError: bad_argument, if the length is not above 0 or not finite, or if a time is so
///         many cycles away (2^52) that they cannot be told apart.
class Cycles {
public:
  Cycles() = default;
  explicit Cycles(double length, double begin = 0);

  [[nodiscard]] std::int64_t of(double time) const;
  [[nodiscard]] double begin_of(std::int64_t cycle) const {
    return begin_ + static_cast<double>(cycle) * length_;
  }
  [[nodiscard]] double length() const { return length_; }

  friend bool operator==(const Cycles&, const Cycles&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Cycles& x) {
    return f.object(x).fields(f.field("length", x.length_), f.field("begin", x.begin_));
  }

private:
  double length_ = 1;
  double begin_ = 0;
};

namespace detail {

/// The cycle that has come last: where what happens to a member of an agent begins anew with each.
class RunningCycle {
public:
  RunningCycle() = default;
  explicit RunningCycle(const Cycles& cycles) : cycles_(cycles) {}

  /// Goes on to the cycle of `time`; whether it is another one. Throws UsageError (bad_argument) if
  /// it is an earlier one; `what` has come so late.
  [[nodiscard]] bool go_on_to(double time, const char* what);

  [[nodiscard]] const Cycles& cycles() const { return cycles_; }

  template <class Inspector>
  friend bool inspect(Inspector& f, RunningCycle& x) {
    return f.object(x).fields(f.field("cycles", x.cycles_), f.field("number", x.number_));
  }

private:
  Cycles cycles_;
  std::int64_t number_ = std::numeric_limits<std::int64_t>::min();
};

} // namespace detail
} // namespace stos

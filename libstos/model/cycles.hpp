#pragma once

#include <cstdint>

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

} // namespace stos

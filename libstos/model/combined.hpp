#pragma once

#include "libstos/base/exact_sum.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/model/cycles.hpp"

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace stos {

/// How the updates of one cycle become one, whatever their order: see Combined.
///
/// Add: the sum, without rounding on the way (ExactSum) or overflow; subtract() adds what is
/// opposite. Errors: UsageError: bad_argument, if an integer's new value does not fit.
struct Add {};
/// The least of the value and all updates, the greatest; by the order of all numbers (-0 is less
/// than 0), so that equal ones are equal to the last bit. Not for NaN.
struct Min {};
struct Max {};

/// An operator of the user's own: `static T combine(const T&, const T&)`, commutative and
/// associative. That it is commutative is checked each time two updates meet, where T has ==.
template <class Operator, class T>
concept CommutativeOperator = requires(const T& a, const T& b) {
  { Operator::combine(a, b) } -> std::same_as<T>;
};

namespace detail {

template <class T, class Operator>
struct Accumulator {
  static_assert(CommutativeOperator<Operator, T>,
                "stos: an operator of Combined<T, Operator> is Add (for numbers), Min, Max, or has "
                "static T combine(const T&, const T&)");
};

template <std::floating_point T>
struct Accumulator<T, Add> {
  ExactSum sum;
  void take(const T& update) { sum.add(static_cast<double>(update)); }
  void take_back(const T& update) { sum.subtract(static_cast<double>(update)); }
  [[nodiscard]] T apply(const T& value) const {
    ExactSum all = sum;
    all.add(static_cast<double>(value));
    return static_cast<T>(all.value());
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Accumulator& x) {
    return f.object(x).fields(f.field("sum", x.sum));
  }
};

// 128 bits hold the sum of 2^63 numbers of 64 bits.
template <std::integral T>
struct Accumulator<T, Add> {
  __extension__ typedef __int128 Wide; // NOLINT(modernize-use-using): __extension__ wants it
  std::uint64_t low = 0;
  std::int64_t high = 0;
  void take(const T& update) { add(update); }
  void take_back(const T& update) { add(-static_cast<Wide>(update)); }
  [[nodiscard]] T apply(const T& value) const {
    const Wide sum = wide() + static_cast<Wide>(value);
    if (sum < static_cast<Wide>(std::numeric_limits<T>::min()) ||
        sum > static_cast<Wide>(std::numeric_limits<T>::max()))
      throw UsageError(Errc::bad_argument,
                       "the updates of a cycle change " + std::to_string(value) +
                           " to what its type cannot hold: it is from " +
                           std::to_string(std::numeric_limits<T>::min()) + " to " +
                           std::to_string(std::numeric_limits<T>::max()));
    return static_cast<T>(sum);
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Accumulator& x) {
    return f.object(x).fields(f.field("low", x.low), f.field("high", x.high));
  }

private:
  [[nodiscard]] Wide wide() const { return static_cast<Wide>(high) * (Wide{1} << 64) + low; }
  void add(Wide update) {
    const Wide sum = wide() + update;
    low = static_cast<std::uint64_t>(sum);
    high = static_cast<std::int64_t>(sum >> 64);
  }
};

template <class T>
[[nodiscard]] bool is_less(const T& a, const T& b) {
  if constexpr (std::floating_point<T>)
    return std::strong_order(a, b) < 0;
  else
    return a < b;
}

template <class T>
void require_order(const T& update) {
  if (!(update == update))
    throw UsageError(Errc::bad_argument, "an update by what has no order, as NaN");
}

template <class T>
struct MinOf {
  static T combine(const T& a, const T& b) { return is_less(b, a) ? b : a; }
};
template <class T>
struct MaxOf {
  static T combine(const T& a, const T& b) { return is_less(a, b) ? b : a; }
};

template <class T, class Operator>
struct CombiningAccumulator {
  std::optional<T> combined;
  void take(const T& update) {
    if constexpr (std::equality_comparable<T>) {
      if (combined &&
          !(Operator::combine(*combined, update) == Operator::combine(update, *combined)))
        throw UsageError(Errc::bad_argument,
                         "an operator that combines updates is not commutative: "
                         "combine(a, b) is not combine(b, a)");
    }
    combined = combined ? Operator::combine(*combined, update) : update;
  }
  [[nodiscard]] T apply(const T& value) const {
    return combined ? Operator::combine(value, *combined) : value;
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, CombiningAccumulator& x) {
    return f.object(x).fields(f.field("combined", x.combined));
  }
};

template <class T>
struct Accumulator<T, Min> : CombiningAccumulator<T, MinOf<T>> {
  void take(const T& update) {
    require_order(update);
    CombiningAccumulator<T, MinOf<T>>::take(update);
  }
};
template <class T>
struct Accumulator<T, Max> : CombiningAccumulator<T, MaxOf<T>> {
  void take(const T& update) {
    require_order(update);
    CombiningAccumulator<T, MaxOf<T>>::take(update);
  }
};
template <class T, CommutativeOperator<T> Operator>
struct Accumulator<T, Operator> : CombiningAccumulator<T, Operator> {};

} // namespace detail

/// A state variable that many agents update within a cycle: a member of the agent that has it. The
/// updates of a cycle are combined by an operator that does not mind their order, and make the
/// value of the next one. So each agent that asks in a cycle sees the same value, and none of them
/// is first.
/// @code
///   class Field : public Agent<Field, Life> {
///     Combined<long> food{100, Cycles(10)};
///   };
///   to_field.send([](Field& field) { field.food.subtract(field.local_time(), 3); });
/// @endcode
///
/// Times:  each call says what time it is; no call goes back to an earlier cycle.
/// Threads: those of the agent's events.
/// Errors: UsageError: bad_argument, for a time in an earlier cycle, and as the operators say.
template <class T, class Operator = Add>
class Combined {
public:
  Combined() = default;
  explicit Combined(T value, const Cycles& cycles = Cycles())
      : cycle_(cycles), value_(std::move(value)) {}

  void update(double time, const T& by) {
    settle(time);
    updates_.take(by);
    has_updates_ = true;
  }

  void subtract(double time, const T& by) requires std::same_as<Operator, Add> {
    settle(time);
    updates_.take_back(by);
    has_updates_ = true;
  }

  /// At the beginning of the cycle: all updates before it count, those in it do not yet.
  [[nodiscard]] const T& value(double time) {
    settle(time);
    return value_;
  }

  /// Whether there was an update in this cycle.
  [[nodiscard]] bool is_updated(double time) {
    settle(time);
    return has_updates_;
  }

  [[nodiscard]] const Cycles& cycles() const { return cycle_.cycles(); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Combined& x) {
    return f.object(x).fields(f.field("value", x.value_), f.field("cycle", x.cycle_),
                              f.field("updates", x.updates_),
                              f.field("has_updates", x.has_updates_));
  }

private:
  void settle(double time) {
    if (!cycle_.go_on_to(time, "an update or a question"))
      return;
    if (has_updates_)
      value_ = updates_.apply(value_);
    updates_ = {};
    has_updates_ = false;
  }

  detail::RunningCycle cycle_;
  T value_{};
  detail::Accumulator<T, Operator> updates_;
  bool has_updates_ = false;
};

} // namespace stos

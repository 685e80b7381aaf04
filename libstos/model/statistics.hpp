#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace stos {

/// Count, mean, spread and extremes of numbers that come one by one.
/// Source: the recurrence of B. P. Welford (1962).
class Tally {
public:
  void add(double x) {
    ++count_;
    const double step = x - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (x - mean_);
    least_ = std::min(least_, x);
    greatest_ = std::max(greatest_, x);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; } ///< 0 of none

  /// Of the sample, with count() - 1; 0 of fewer than two.
  [[nodiscard]] double variance() const {
    return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1);
  }
  [[nodiscard]] double deviation() const { return std::sqrt(variance()); }
  [[nodiscard]] double least() const { return least_; }       ///< infinite of none
  [[nodiscard]] double greatest() const { return greatest_; } ///< likewise

  template <class Inspector>
  friend bool inspect(Inspector& f, Tally& x) {
    return f.object(x).fields(f.field("count", x.count_), f.field("mean", x.mean_),
                              f.field("squares", x.squares_), f.field("least", x.least_),
                              f.field("greatest", x.greatest_));
  }

private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
};

/// A number that changes at times, such as the length of a queue: its mean over time.
class Level {
public:
  Level() = default;
  explicit Level(double time, double value = 0)
      : begin_(time), since_(time), value_(value), greatest_(value) {}

  /// From `time` on it is `value`. @pre `time` is not before the last change
  void set(double time, double value) {
    area_ += value_ * (time - since_);
    since_ = time;
    value_ = value;
    greatest_ = std::max(greatest_, value);
  }
  void add(double time, double change) { set(time, value_ + change); }

  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] double greatest() const { return greatest_; }

  /// Over the time from its beginning to `time`; the value itself if that is none.
  [[nodiscard]] double mean(double time) const {
    return time > begin_ ? (area_ + value_ * (time - since_)) / (time - begin_) : value_;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Level& x) {
    return f.object(x).fields(f.field("begin", x.begin_), f.field("since", x.since_),
                              f.field("value", x.value_), f.field("area", x.area_),
                              f.field("greatest", x.greatest_));
  }

private:
  double begin_ = 0;
  double since_ = 0;
  double value_ = 0;
  double area_ = 0;
  double greatest_ = 0;
};

} // namespace stos

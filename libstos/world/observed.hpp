#pragma once

#include "libstos/base/exact_sum.hpp"
#include "libstos/code/serialise.hpp"
#include "libstos/world/bins.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stos {

/// Numbers, one of each agent that was looked at, put together: the same bits in whatever order
/// they come, and however agents are divided among nodes.
///
/// Threads: none inside.
class Observed {
public:
  Observed() = default;

  /// With quantiles, it also counts how many numbers are about the same, which takes memory; with
  /// bins, how many are in each of them.
  explicit Observed(bool has_quantiles, Bins bins = {})
      : has_quantiles_(has_quantiles), bins_(std::move(bins)) {}

  void add(double x);
  void add(const Observed& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_.value(); }
  /// The sum, divided by the count; 0 of none.
  [[nodiscard]] double mean() const;
  [[nodiscard]] double least() const { return least_; }       ///< infinite of none
  [[nodiscard]] double greatest() const { return greatest_; } ///< likewise

  [[nodiscard]] bool has_quantiles() const { return has_quantiles_; }

  /// A share of all numbers is at most the result, but for the rounding of numbers: by at most one
  /// part in 128. Whole numbers up to 128 are not rounded. 0 and 1 give the extremes, exactly; 0 of
  /// none. Throws UsageError (bad_argument) if the share is not in [0, 1], or the observer was not
  /// asked for quantiles.
  [[nodiscard]] double quantile(double share) const;

  /// How many numbers lie between the bounds that the observer was given (Look::bins); empty
  /// without any.
  [[nodiscard]] const Bins& bins() const { return bins_; }

  friend bool operator==(const Observed&, const Observed&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Observed& x) {
    return f.object(x).fields(f.field("count", x.count_), f.field("sum", x.sum_),
                              f.field("least", x.least_), f.field("greatest", x.greatest_),
                              f.field("has_quantiles", x.has_quantiles_),
                              f.field("alike", x.alike_), f.field("bins", x.bins_)) &&
           x.makes_sense();
  }

private:
  [[nodiscard]] bool makes_sense() const;

  std::uint64_t count_ = 0;
  ExactSum sum_;
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
  bool has_quantiles_ = false;
  std::map<std::int32_t, std::uint64_t> alike_; // how many, by sign, exponent and leading bits
  Bins bins_;
};

/// What an observer has seen at one laboratory time.
struct Observation {
  std::string observer;
  double time = 0;
  Observed seen;

  friend bool operator==(const Observation&, const Observation&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Observation& x) {
    return f.object(x).fields(f.field("observer", x.observer), f.field("time", x.time),
                              f.field("seen", x.seen));
  }
};

/// All that the observers of a run have seen, on every node, see ForwardSimulation::observe(): by
/// time, and observers of one time in the order in which the set-up has made them.
class Observations {
public:
  Observations() = default;
  explicit Observations(std::vector<Observation> all) : all_(std::move(all)) {}

  [[nodiscard]] const std::vector<Observation>& all() const { return all_; }
  [[nodiscard]] bool empty() const { return all_.empty(); }

  /// Those of one observer. Throws UsageError (bad_argument) if it has seen nothing.
  [[nodiscard]] std::vector<Observation> of(std::string_view observer) const;

  /// A table with a header and a line for each observation: time, observer, count, sum, mean,
  /// least, greatest, and of those with quantiles the median, the 5th and the 95th percentile. If
  /// there are some with bins, a column for each bin of any of them, as in "0 to 10".
  /// Numbers read back exactly, in any locale.
  [[nodiscard]] std::string to_csv() const;

private:
  std::vector<Observation> all_;
};

namespace detail {

void write_observations(std::span<const Observation> all, BytesWriter& out);
/// Of any bytes. What cannot be makes `in` fail.
[[nodiscard]] std::vector<Observation> read_observations(BytesReader& in);

/// Adds to `all` what was seen elsewhere: of the same observer at the same time, it becomes one.
void add_observations(std::vector<Observation>& all, std::vector<Observation> others);

} // namespace detail
} // namespace stos

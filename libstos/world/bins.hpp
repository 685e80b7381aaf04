#pragma once

#include "libstos/code/serialise.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stos {

/// A histogram: how many numbers lie between given bounds. It holds counts and nothing else, so it
/// is the same in whatever order numbers come, and parts of it can be added up.
///
/// With n bounds there are n + 1 bins: what is below the first bound; from each bound, which
/// belongs to it, up to the next one, which does not; and from the last one on. NaN is in none.
///
/// Threads: none inside.
class Bins {
public:
  static constexpr std::size_t bounds_max = 100;

  /// No bounds: it counts nothing.
  Bins() = default;

  /// Throws UsageError (bad_argument) unless the bounds are finite, and each above the one before,
  /// and for more than bounds_max of them.
  explicit Bins(std::vector<double> bounds);

  void add(double x);

  /// Of the same bounds, or of any if this one has none; else it is left out.
  void add(const Bins& other);

  [[nodiscard]] bool empty() const { return bounds_.empty(); }
  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }

  /// One more than there are bounds; none without bounds.
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }

  /// "below 0", "0 to 10", "from 10".
  [[nodiscard]] std::string name_of(std::size_t bin) const;

  friend bool operator==(const Bins&, const Bins&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Bins& x) {
    return f.object(x).fields(f.field("bounds", x.bounds_), f.field("counts", x.counts_)) &&
           x.makes_sense();
  }

private:
  [[nodiscard]] bool makes_sense() const;

  std::vector<double> bounds_;
  std::vector<std::uint64_t> counts_;
};

} // namespace stos

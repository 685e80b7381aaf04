#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stos {

/// A sum of doubles without any rounding until it is read: so the order in which they are added
/// does not matter, and sums of parts can be added.
///
/// A fixed-point number as wide as needed, up to all 2,100 bits that doubles reach, in digits of 32
/// bits with room for carries.
///
/// Cost:   adding is O(1), some nanoseconds; 8 bytes for each 32 bits between the largest and the
///         smallest bit of all.
/// Source: the "long accumulator" of Kulisch, in the form of Neal, Fast exact summation using small
///         and large superaccumulators, 2015.
class ExactSum {
public:
  ExactSum() = default;
  explicit ExactSum(double x) { add(x); }

  void add(double x);
  void subtract(double x) { add(-x); }
  void add(const ExactSum& other);

  /// The double next to the sum, of two the even one; an infinity if it is beyond all doubles. What
  /// was added that is no number counts as in any other sum. Of nothing: 0.
  [[nodiscard]] double value() const;

  /// Whether the sums are the same number, rounded or not.
  friend bool operator==(const ExactSum& a, const ExactSum& b);

  template <class Inspector>
  friend bool inspect(Inspector& f, ExactSum& x) {
    x.carry();
    return f.object(x).fields(f.field("lowest", x.lowest_), f.field("digits", x.digits_),
                              f.field("no_numbers", x.no_numbers_)) &&
           x.is_canonical();
  }

private:
  void make_room(std::size_t low, std::size_t high);
  /// Afterwards equal sums have equal digits: all but the last are in [0, 2^32), the last one is -1
  /// or in [1, 2^32), and the first one is not 0.
  void carry();
  [[nodiscard]] bool is_canonical() const;
  [[nodiscard]] bool bit(std::int64_t index) const;

  std::uint32_t lowest_ = 0; ///< of digit i the unit is 2^(32 (lowest_ + i) - 1088)
  std::vector<std::int64_t> digits_;
  std::uint32_t uncarried_ = 0; ///< how many numbers were added since carry()
  std::uint8_t no_numbers_ = 0; ///< which of these were added: 1 infinity, 2 -infinity, 4 NaN
};

} // namespace stos

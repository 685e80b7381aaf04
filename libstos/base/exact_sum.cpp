#include "libstos/base/exact_sum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace stos {
namespace {

constexpr int digit_bits = 32;
constexpr std::int64_t digit_end = std::int64_t{1} << digit_bits;
constexpr int lowest_exponent = -1088; // of the first digit's unit: a multiple of 32
constexpr std::size_t digits_max = 70; // 2^-1088 to the sum of 2^64 of the largest double
constexpr std::uint32_t uncarried_max = 1u << 30; // a digit grows by less than 2^32 each time
constexpr int mantissa_bits = 53;
constexpr int least_exponent = -1074; // of a double's last bit

enum NoNumber : std::uint8_t { infinite = 1, minus_infinite = 2, undefined = 4 };

} // namespace

void ExactSum::add(double x) {
  if (x == 0)
    return;
  if (!std::isfinite(x)) {
    no_numbers_ |= std::isnan(x) ? undefined : x > 0 ? infinite : minus_infinite;
    return;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto biased = static_cast<int>(bits >> 52 & 0x7ff);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const std::uint64_t mantissa = biased == 0 ? fraction : fraction | std::uint64_t{1} << 52;
  const int position = std::max(biased, 1) - 1075 - lowest_exponent;
  const auto low = static_cast<std::size_t>(position / digit_bits);
  const int shift = position % digit_bits;
  // 53 bits, moved by up to 31, in three digits.
  const std::array<std::uint64_t, 3> parts = {
      (mantissa << shift) & (digit_end - 1), (mantissa >> (digit_bits - shift)) & (digit_end - 1),
      shift == 0 ? 0 : mantissa >> (2 * digit_bits - shift)};
  make_room(low, low + parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::int64_t& digit = digits_[low - lowest_ + i];
    const auto part = static_cast<std::int64_t>(parts[i]);
    digit += x > 0 ? part : -part;
  }
  if (++uncarried_ == uncarried_max)
    carry();
}

void ExactSum::add(const ExactSum& other) {
  ExactSum copy = other;
  copy.carry();
  carry();
  no_numbers_ |= copy.no_numbers_;
  if (copy.digits_.empty())
    return;
  make_room(copy.lowest_, copy.lowest_ + copy.digits_.size());
  for (std::size_t i = 0; i < copy.digits_.size(); ++i)
    digits_[copy.lowest_ - lowest_ + i] += copy.digits_[i];
  carry();
}

void ExactSum::make_room(std::size_t low, std::size_t high) {
  if (digits_.empty())
    lowest_ = static_cast<std::uint32_t>(low);
  if (low < lowest_) {
    digits_.insert(digits_.begin(), lowest_ - low, 0);
    lowest_ = static_cast<std::uint32_t>(low);
  }
  if (high > lowest_ + digits_.size())
    digits_.resize(high - lowest_);
}

void ExactSum::carry() {
  uncarried_ = 0;
  std::int64_t over = 0;
  for (std::int64_t& digit : digits_) {
    const std::int64_t sum = digit + over;
    digit = sum & (digit_end - 1);
    over = sum >> digit_bits; // rounds down
  }
  for (; over > 0; over >>= digit_bits)
    digits_.push_back(over & (digit_end - 1));
  for (; over < -1; over >>= digit_bits)
    digits_.push_back(over & (digit_end - 1));
  if (over == -1)
    digits_.push_back(-1);
  while (digits_.size() > 1 && digits_.back() == -1 &&
         digits_[digits_.size() - 2] == digit_end - 1) {
    digits_.pop_back();
    digits_.back() = -1;
  }
  while (!digits_.empty() && digits_.back() == 0)
    digits_.pop_back();
  const auto first = std::find_if(digits_.begin(), digits_.end(), [](auto d) { return d != 0; });
  lowest_ = digits_.empty() ? 0 : lowest_ + static_cast<std::uint32_t>(first - digits_.begin());
  digits_.erase(digits_.begin(), first);
}

bool ExactSum::is_canonical() const {
  if (digits_.empty())
    return lowest_ == 0 && no_numbers_ < 8;
  const auto is_digit = [](std::int64_t digit) { return digit >= 0 && digit < digit_end; };
  return no_numbers_ < 8 && lowest_ < digits_max && digits_.size() <= digits_max - lowest_ &&
         digits_.front() != 0 && std::all_of(digits_.begin(), digits_.end() - 1, is_digit) &&
         digits_.back() != 0 && (digits_.back() == -1 || is_digit(digits_.back()));
}

// @pre carried, and not negative
bool ExactSum::bit(std::int64_t index) const {
  if (index < 0)
    return false;
  const auto digit = static_cast<std::size_t>(index / digit_bits);
  return digit < digits_.size() && (digits_[digit] >> (index % digit_bits) & 1) != 0;
}

double ExactSum::value() const {
  if (no_numbers_ != 0)
    return no_numbers_ == infinite         ? std::numeric_limits<double>::infinity()
           : no_numbers_ == minus_infinite ? -std::numeric_limits<double>::infinity()
                                           : std::numeric_limits<double>::quiet_NaN();
  ExactSum positive = *this;
  positive.carry();
  if (positive.digits_.empty())
    return 0;
  const bool negative = positive.digits_.back() < 0;
  if (negative) {
    for (std::int64_t& digit : positive.digits_)
      digit = -digit;
    positive.carry();
  }
  const auto last = static_cast<std::uint64_t>(positive.digits_.back());
  const std::int64_t highest = digit_bits * static_cast<std::int64_t>(positive.digits_.size() - 1) +
                               std::bit_width(last) - 1;
  const std::int64_t unit = lowest_exponent + digit_bits * std::int64_t{positive.lowest_};
  const std::int64_t kept =
      std::min<std::int64_t>(mantissa_bits, unit + highest - least_exponent + 1);
  std::uint64_t mantissa = 0;
  for (std::int64_t i = 0; i < kept; ++i)
    mantissa = 2 * mantissa + (positive.bit(highest - i) ? 1 : 0);
  bool more = false; // than half of the mantissa's last bit
  for (std::int64_t i = highest - kept - 1; i >= 0 && !more; --i)
    more = positive.bit(i);
  if (positive.bit(highest - kept) && (more || mantissa % 2 != 0))
    ++mantissa;
  const double magnitude =
      std::ldexp(static_cast<double>(mantissa), static_cast<int>(unit + highest - kept + 1));
  return negative ? -magnitude : magnitude;
}

bool operator==(const ExactSum& a, const ExactSum& b) {
  ExactSum one = a, other = b;
  one.carry();
  other.carry();
  return one.lowest_ == other.lowest_ && one.digits_ == other.digits_ &&
         one.no_numbers_ == other.no_numbers_;
}

} // namespace stos

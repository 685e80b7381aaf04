#pragma once

#include "libstos/base/hash.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace stos {

/// A small stream of random numbers, one for each agent: the same seed gives the same numbers on
/// every machine, so nothing here asks the C library for more than a correctly rounded square root.
///
/// Models UniformRandomBitGenerator, but prefer the draws below to those of <random>, whose results
/// differ between standard libraries.
/// Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class RandomStream {
public:
  using result_type = std::uint64_t;

  RandomStream() = default;
  explicit constexpr RandomStream(std::uint64_t seed) : state_(seed) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  constexpr result_type operator()() {
    state_ += 0x9e3779b97f4a7c15u;
    return mix64(state_);
  }

  /// Uniform in [0, 1), 53 random bits.
  constexpr double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

  /// Uniform in [low, high), also where the sum rounds up to `high`; `low` if the two are equal.
  constexpr double uniform(double low, double high) {
    const double x = low + (high - low) * uniform();
    return x >= high && low < high ? low : x;
  }

  /// Uniform in {0, ..., n - 1}; the bias is below n / 2^32. @pre n > 0
  constexpr std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((((*this)() >> 32) * std::uint64_t{n}) >> 32);
  }

  constexpr bool bernoulli(double probability) { return uniform() < probability; }

  /// Exponential with the given mean, at least 0.
  double exponential(double mean);

  /// Normal with mean 0 and variance 1.
  double normal();

  /// The seed of a stream that goes on with the numbers of this one.
  [[nodiscard]] constexpr std::uint64_t state() const { return state_; }

  friend bool operator==(const RandomStream&, const RandomStream&) = default;

private:
  std::uint64_t state_ = 0;
};

/// Natural logarithm from additions, multiplications and divisions only: within 2 ulp, and the same
/// bits on every machine, which the C library's `log` does not promise. @pre x > 0 and finite
[[nodiscard]] double portable_log(double x);

} // namespace stos

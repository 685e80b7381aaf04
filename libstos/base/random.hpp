#pragma once

#include "libstos/base/hash.hpp"
#include "libstos/base/portable_math.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace stos {

/// A small stream of random numbers, one for each agent: the same seed gives the same numbers on
/// every machine and with every compiler. So nothing here asks the C library for more than a
/// correctly rounded square root: logarithms and powers are those of portable_math.hpp, and each
/// draw takes its numbers from the stream in an order that the source says.
///
/// Models UniformRandomBitGenerator, but prefer the draws below to those of `<random>`, whose
/// results differ between standard libraries.
///
/// Errors: a draw whose parameters are out of range throws UsageError (bad_argument) with the
/// values. Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014); the draws name theirs.
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

  // ---- numbers in an interval
  // ---------------------------------------------------------------------

  /// Exponential with the given mean, at least 0.
  double exponential(double mean);

  /// Normal with mean 0 and variance 1. Source: Marsaglia's polar method (1964).
  double normal();
  double normal(double mean, double deviation) { return mean + deviation * normal(); }

  /// e to the power of a normal number; mean and deviation are those of the logarithm.
  double lognormal(double mean, double deviation);

  /// Gamma, with mean shape * scale. shape > 0, scale > 0.
  /// Source: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
  double gamma(double shape, double scale = 1);

  /// Beta, in [0, 1], with mean a / (a + b). a > 0, b > 0.
  /// Source: of two gamma numbers; where neither a nor b is above 1, M. D. Jöhnk (1964).
  double beta(double a, double b);

  /// Weibull, with P(x > t) = exp(-(t / scale)^shape). shape > 0, scale > 0.
  double weibull(double shape, double scale = 1);

  /// Triangular: from low to high, most likely at mode. low <= mode <= high.
  double triangular(double low, double mode, double high);

  // ---- counts
  // -------------------------------------------------------------------------------------

  /// Poisson, with mean in [0, 1e15]. Below a mean of 10 by inversion, with one number of the
  /// stream. Source: PTRS of W. Hörmann, "The transformed rejection method for generating Poisson
  /// random variables" (1993), with probabilities as C. Loader has them (2000).
  std::uint64_t poisson(double mean);

  /// Binomial: the successes of n trials, n up to 1e15. If n times the lesser of probability and
  /// its complement is below 10, by inversion. Source: BTRS of W. Hörmann, "The generation of
  /// binomial random variates" (1993), likewise.
  std::uint64_t binomial(std::uint64_t n, double probability);

  /// Geometric: the failures before the first success. probability in (0, 1].
  std::uint64_t geometric(double probability);

  // ---- choices
  // ------------------------------------------------------------------------------------

  /// Uniform in {0, ..., n - 1}, without any bias. n > 0.
  /// Source: D. Lemire, "Fast random integer generation in an interval" (2019).
  std::uint64_t index(std::uint64_t n);

  /// Which of the weights: each with a probability in proportion to it. All are at least 0, and one
  /// is more. O(n); WeightedChoice draws from the same ones many times.
  std::size_t weighted(std::span<const double> weights);

  /// `count` different numbers of {0, ..., n - 1}, in random order: each order of each choice is
  /// equally likely. count <= n. O(count log count).
  /// Source: Floyd's algorithm (Bentley and Floyd, CACM 30.9, 1987), then a shuffle.
  std::vector<std::uint64_t> sample(std::uint64_t n, std::uint64_t count);

  /// An element of what has size() and operator[]. @pre it is not empty
  template <class Range>
  decltype(auto) pick(Range&& range) {
    return range[index(std::size(range))];
  }

  /// Puts what has size() and operator[] into random order, all being equally likely.
  /// Source: Fisher and Yates, from the back (Durstenfeld 1964).
  template <class Range>
  void shuffle(Range&& range) {
    using std::swap;
    for (std::size_t left = std::size(range); left > 1; --left)
      swap(range[left - 1], range[index(left)]);
  }

  /// The seed of a stream that goes on with the numbers of this one.
  [[nodiscard]] constexpr std::uint64_t state() const { return state_; }

  friend bool operator==(const RandomStream&, const RandomStream&) = default;

private:
  std::uint64_t state_ = 0;
};

} // namespace stos

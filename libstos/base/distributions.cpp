// The draws of RandomStream that need more than a line, and WeightedChoice.

#include "libstos/base/exact_text.hpp"
#include "libstos/base/portable_math.hpp"
#include "libstos/base/random.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/base/weighted_choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace stos {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double count_max = 1e15; // counts are exact in doubles, with a margin

void require(bool holds, const char* what, double seen) {
  if (!holds) [[unlikely]]
    throw UsageError(Errc::bad_argument, std::string(what) + ", not " + exact_text(seen));
}

bool is_positive(double x) { return x > 0 && x < infinity; }

// log(n!) minus Stirling's formula for it. Source: C. Loader, "Fast and accurate computation of
// binomial probabilities" (2000). @pre n >= 1
double stirling_error(double n) {
  constexpr double exact[] = {0,
                              0.08106146679532726,
                              0.0413406959554093,
                              0.02767792568499834,
                              0.020790672103765093,
                              0.016644691189821193,
                              0.013876128823070748,
                              0.01189670994589177,
                              0.010411265261972096,
                              0.009255462182712733,
                              0.00833056343336287,
                              0.007573675487951841,
                              0.00694284010720953,
                              0.006408994188004207,
                              0.0059513701127588475,
                              0.005554733551962801};
  if (n <= 15)
    return exact[static_cast<int>(n)];
  const double square = n * n;
  return (1.0 / 12 -
          (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) /
              square) /
         n;
}

// x log(x / mean) + mean - x, exact where the two are close. Source: likewise.
double deviance(double x, double mean) {
  const double difference = x - mean;
  if (std::fabs(difference) >= 0.1 * (x + mean))
    return x * portable_log(x / mean) - difference;
  const double v = difference / (x + mean);
  double sum = difference * v;
  double term = 2 * x * v;
  for (int j = 3;; j += 2) {
    term *= v * v;
    const double next = sum + term / j;
    if (next == sum)
      return sum;
    sum = next;
  }
}

constexpr double log_two_pi = 1.8378770664093454836;

// log P(k), Poisson.
double log_poisson(double k, double mean) {
  return k == 0 ? -mean
                : -stirling_error(k) - deviance(k, mean) - 0.5 * (log_two_pi + portable_log(k));
}

// log P(k) of n trials. @pre 0 < p < 1
double log_binomial(double k, double n, double p) {
  if (k == 0)
    return n * portable_log1p(-p);
  if (k == n)
    return n * portable_log(p);
  return stirling_error(n) - stirling_error(k) - stirling_error(n - k) - deviance(k, n * p) -
         deviance(n - k, n * (1 - p)) -
         0.5 * (log_two_pi + portable_log(k) + portable_log((n - k) / n));
}

// Searches upwards from 0, where the probability is `p`; what rounding leaves over is drawn anew.
template <class Next>
std::uint64_t search_up(RandomStream& random, double first, std::uint64_t most, Next next) {
  for (;;) {
    double left = random.uniform();
    double p = first;
    for (std::uint64_t k = 0; k <= most; ++k) {
      if (left < p)
        return k;
      left -= p;
      p = next(p, static_cast<double>(k + 1));
    }
  }
}

std::uint64_t small_poisson(RandomStream& random, double mean) {
  return search_up(random, portable_exp(-mean), 200,
                   [mean](double p, double k) { return p * mean / k; });
}

std::uint64_t large_poisson(RandomStream& random, double mean) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double sure = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = random.uniform() - 0.5;
    const double v = 1 - random.uniform();
    const double us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= sure)
      return static_cast<std::uint64_t>(k);
    if (!(k >= 0) || (us < 0.013 && v > us))
      continue;
    if (portable_log(v * inverse_alpha / (a / (us * us) + b)) <= log_poisson(k, mean))
      return static_cast<std::uint64_t>(k);
  }
}

std::uint64_t small_binomial(RandomStream& random, std::uint64_t n, double p) {
  const double trials = static_cast<double>(n);
  const double odds = p / (1 - p);
  return search_up(random, portable_exp(trials * portable_log1p(-p)),
                   std::min<std::uint64_t>(n, 200),
                   [=](double q, double k) { return q * odds * (trials - k + 1) / k; });
}

std::uint64_t large_binomial(RandomStream& random, std::uint64_t n, double p) {
  const double trials = static_cast<double>(n);
  const double deviation = std::sqrt(trials * p * (1 - p));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double sure = 0.92 - 4.2 / b;
  const double at_mode = log_binomial(std::floor((trials + 1) * p), trials, p);
  for (;;) {
    const double u = random.uniform() - 0.5;
    const double v = 1 - random.uniform();
    const double us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + trials * p + 0.5);
    if (!(k >= 0 && k <= trials))
      continue;
    if ((us >= 0.07 && v <= sure) ||
        portable_log(v * alpha / (a / (us * us) + b)) <= log_binomial(k, trials, p) - at_mode)
      return static_cast<std::uint64_t>(k);
  }
}

double checked_sum(std::span<const double> weights) {
  double sum = 0;
  for (const double weight : weights) {
    require(weight >= 0 && weight < infinity, "weights are at least 0 and finite", weight);
    sum += weight;
  }
  require(sum > 1e-300 && sum < infinity, "the sum of all weights is above 1e-300 and finite", sum);
  return sum;
}

} // namespace

double RandomStream::lognormal(double mean, double deviation) {
  return portable_exp(normal(mean, deviation));
}

double RandomStream::gamma(double shape, double scale) {
  require(is_positive(shape), "the shape of a gamma distribution is above 0", shape);
  require(is_positive(scale), "the scale of a gamma distribution is above 0", scale);
  if (shape < 1) {
    const double next = gamma(shape + 1, scale);
    return next * portable_exp(portable_log(1 - uniform()) / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0)
      continue;
    const double cube = root * root * root;
    const double log_u = portable_log(1 - uniform());
    if (log_u < 0.5 * x * x + d * (1 - cube + portable_log(cube)))
      return d * cube * scale;
  }
}

double RandomStream::beta(double a, double b) {
  require(is_positive(a), "a of a beta distribution is above 0", a);
  require(is_positive(b), "b of a beta distribution is above 0", b);
  if (a > 1 || b > 1) {
    const double x = gamma(a);
    return x / (x + gamma(b));
  }
  for (;;) {
    const double log_x = portable_log(1 - uniform()) / a;
    const double log_y = portable_log(1 - uniform()) / b;
    if (portable_exp(log_x) + portable_exp(log_y) > 1)
      continue;
    const double greater = std::max(log_x, log_y); // both may be too small for a number
    const double x = portable_exp(log_x - greater);
    return x / (x + portable_exp(log_y - greater));
  }
}

double RandomStream::weibull(double shape, double scale) {
  require(is_positive(shape), "the shape of a Weibull distribution is above 0", shape);
  require(is_positive(scale), "the scale of a Weibull distribution is above 0", scale);
  return scale * portable_pow(exponential(1), 1 / shape);
}

double RandomStream::triangular(double low, double mode, double high) {
  require(low <= mode, "the mode of a triangular distribution is not below its low end", mode);
  require(mode <= high, "the mode of a triangular distribution is not above its high end", mode);
  const double u = uniform();
  const double left = mode - low;
  const double right = high - mode;
  const double width = high - low;
  return u * width < left ? low + std::sqrt(u * width * left)
                          : high - std::sqrt((1 - u) * width * right);
}

std::uint64_t RandomStream::poisson(double mean) {
  require(mean >= 0 && mean <= count_max, "the mean of a Poisson number is in [0, 1e15]", mean);
  return mean < 10 ? small_poisson(*this, mean) : large_poisson(*this, mean);
}

std::uint64_t RandomStream::binomial(std::uint64_t n, double probability) {
  require(probability >= 0 && probability <= 1, "a probability is in [0, 1]", probability);
  require(static_cast<double>(n) <= count_max, "a binomial number has at most 1e15 trials",
          static_cast<double>(n));
  if (probability > 0.5)
    return n - binomial(n, 1 - probability);
  if (n == 0 || probability == 0)
    return 0;
  return static_cast<double>(n) * probability < 10 ? small_binomial(*this, n, probability)
                                                   : large_binomial(*this, n, probability);
}

std::uint64_t RandomStream::geometric(double probability) {
  require(probability > 0 && probability <= 1, "the probability of a geometric number is in (0, 1]",
          probability);
  const double u = 1 - uniform();
  if (probability == 1)
    return 0;
  return static_cast<std::uint64_t>(
      std::min(portable_log(u) / portable_log1p(-probability), 0x1p63));
}

std::uint64_t RandomStream::index(std::uint64_t n) {
  require(n > 0, "there is nothing to choose from", 0);
  __extension__ typedef unsigned __int128 Wide;
  Wide product = Wide{(*this)()} * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t unfair = (0 - n) % n; // 2^64 modulo n
    while (static_cast<std::uint64_t>(product) < unfair)
      product = Wide{(*this)()} * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

// Where rounding leaves something over, it is the last one that can be.
std::size_t RandomStream::weighted(std::span<const double> weights) {
  double left = uniform() * checked_sum(weights);
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0)
      continue;
    if (left < weights[i])
      return i;
    left -= weights[i];
    last = i;
  }
  return last;
}

std::vector<std::uint64_t> RandomStream::sample(std::uint64_t n, std::uint64_t count) {
  if (count > n)
    throw UsageError(Errc::bad_argument, "a sample of " + std::to_string(count) + " of " +
                                             std::to_string(n) + " without replacement");
  std::set<std::uint64_t> seen;
  std::vector<std::uint64_t> chosen;
  chosen.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t last = n - count; last < n; ++last) {
    const std::uint64_t any = index(last + 1);
    chosen.push_back(seen.insert(any).second ? any : last);
    if (chosen.back() == last)
      seen.insert(last);
  }
  shuffle(chosen);
  return chosen;
}

WeightedChoice::WeightedChoice(std::span<const double> weights) {
  const double mean = checked_sum(weights) / static_cast<double>(weights.size());
  columns_.resize(weights.size());
  std::vector<std::size_t> poor;
  std::vector<std::size_t> rich;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    columns_[i] = {weights[i] / mean, i};
    (columns_[i].share < 1 ? poor : rich).push_back(i);
  }
  // A rich column fills up a poor one, and is poor itself sooner or later.
  while (!poor.empty() && !rich.empty()) {
    const std::size_t to = poor.back();
    const std::size_t from = rich.back();
    poor.pop_back();
    columns_[to].alias = from;
    columns_[from].share -= 1 - columns_[to].share;
    if (columns_[from].share < 1) {
      rich.pop_back();
      poor.push_back(from);
    }
  }
  // Rounding may leave some over, of either kind. They are full but for that.
  for (const auto& left : {poor, rich})
    for (const std::size_t i : left)
      columns_[i].share = 1;
}

} // namespace stos

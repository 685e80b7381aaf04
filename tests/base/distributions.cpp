#include "libstos/base/bytes.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/base/random.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/base/weighted_choice.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

using namespace stos;

namespace {

constexpr int many = 200'000;

/// Mean and variance of many draws are those of the distribution: within five standard errors, of
/// the variance as its fourth moment in the sample says.
template <class Draw>
void check_moments(const std::string& what, double mean, double variance, Draw draw) {
  INFO(what);
  RandomStream random(hash_text(what));
  std::vector<double> draws;
  for (int i = 0; i < many; ++i)
    draws.push_back(static_cast<double>(draw(random)));
  double sum = 0;
  for (const double x : draws)
    sum += x - mean;
  double square = 0;
  double fourth = 0;
  for (const double x : draws) {
    const double s = (x - mean) * (x - mean);
    square += s;
    fourth += s * s;
  }
  CHECK(std::fabs(sum / many) <= 5 * std::sqrt(variance / many));
  const double seen = square / many;
  CHECK(std::fabs(seen - variance) <= 5 * std::sqrt((fourth / many - seen * seen) / many));
}

/// How often each count came is what its probability says: chi squared over counts that are
/// expected at least twenty times, and the rest together.
template <class Draw>
void check_counts(const std::string& what, const std::function<double(double)>& log_probability,
                  Draw draw) {
  INFO(what);
  RandomStream random(hash_text(what));
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < many; ++i)
    ++seen[draw(random)];
  double chi2 = 0;
  int cells = 0;
  double expected_rest = many;
  double seen_rest = many;
  for (std::uint64_t k = 0; k < 3000; ++k) {
    const double expected = many * std::exp(log_probability(static_cast<double>(k)));
    if (expected < 20)
      continue;
    const double number = seen.count(k) != 0 ? seen[k] : 0;
    chi2 += (number - expected) * (number - expected) / expected;
    ++cells;
    expected_rest -= expected;
    seen_rest -= number;
  }
  CAPTURE(chi2, cells, expected_rest, seen_rest);
  REQUIRE(cells > 3);
  CHECK(std::fabs(seen_rest - expected_rest) < 5 * std::sqrt(expected_rest + 1) + 1);
  CHECK(chi2 < cells + 5 * std::sqrt(2.0 * cells));
}

double poisson_probability(double k, double mean) {
  return k * std::log(mean) - mean - std::lgamma(k + 1);
}

double binomial_probability(double k, double n, double p) {
  if (k > n)
    return -INFINITY;
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

void add(std::uint64_t& hash, double x) { hash = mix64(hash + std::bit_cast<std::uint64_t>(x)); }
void add(std::uint64_t& hash, std::uint64_t x) { hash = mix64(hash + x); }

} // namespace

TEST_CASE("draws from an interval have the moments of their distribution") {
  check_moments("normal", 3, 4, [](RandomStream& r) { return r.normal(3, 2); });
  check_moments("lognormal", std::exp(0.125), (std::exp(0.25) - 1) * std::exp(0.25),
                [](RandomStream& r) { return r.lognormal(0, 0.5); });
  for (const double shape : {0.1, 0.7, 1.0, 2.5, 300.0})
    check_moments("gamma " + std::to_string(shape), shape * 3, shape * 9,
                  [=](RandomStream& r) { return r.gamma(shape, 3); });
  for (const auto& [a, b] : {std::pair(0.3, 0.6), {1.0, 1.0}, {0.5, 4.0}, {7.0, 2.0}}) {
    const double sum = a + b;
    check_moments("beta " + std::to_string(a), a / sum, a * b / (sum * sum * (sum + 1)),
                  [a = a, b = b](RandomStream& r) { return r.beta(a, b); });
  }
  for (const double shape : {0.9, 2.0, 5.0}) {
    const double first = std::tgamma(1 + 1 / shape);
    check_moments("weibull " + std::to_string(shape), 2 * first,
                  4 * (std::tgamma(1 + 2 / shape) - first * first),
                  [=](RandomStream& r) { return r.weibull(shape, 2); });
  }
  check_moments("triangular", (1.0 + 2 + 6) / 3, (1.0 + 4 + 36 - 2 - 6 - 12) / 18,
                [](RandomStream& r) { return r.triangular(1, 2, 6); });
}

TEST_CASE("counts are drawn as often as their probabilities say") {
  for (const double mean : {0.2, 1.0, 9.9, 10.0, 35.0, 900.0})
    check_counts(
        "poisson " + std::to_string(mean), [=](double k) { return poisson_probability(k, mean); },
        [=](RandomStream& r) { return r.poisson(mean); });
  for (const auto& [n, p] : {std::pair(std::uint64_t{5}, 0.4),
                             {40, 0.2},
                             {40, 0.3},
                             {40, 0.95},
                             {1000, 0.5},
                             {100'000, 0.01}})
    check_counts(
        "binomial " + std::to_string(n) + " " + std::to_string(p),
        [n = static_cast<double>(n), p = p](double k) { return binomial_probability(k, n, p); },
        [n = n, p = p](RandomStream& r) { return r.binomial(n, p); });
  check_counts(
      "geometric", [](double k) { return std::log(0.2) + k * std::log(0.8); },
      [](RandomStream& r) { return r.geometric(0.2); });
}

TEST_CASE("large counts have the right mean and variance, too") {
  check_moments("poisson 1e12", 1e12, 1e12, [](RandomStream& r) { return r.poisson(1e12); });
  check_moments("binomial 1e12", 3e11, 2.1e11,
                [](RandomStream& r) { return r.binomial(1'000'000'000'000, 0.3); });
}

TEST_CASE("draws whose parameters leave nothing to chance") {
  RandomStream random(1);
  CHECK(random.poisson(0) == 0);
  CHECK(random.binomial(0, 0.5) == 0);
  CHECK(random.binomial(100, 0) == 0);
  CHECK(random.binomial(100, 1) == 100);
  CHECK(random.geometric(1) == 0);
  CHECK(random.triangular(4, 4, 4) == 4);
  CHECK(random.index(1) == 0);
  CHECK(random.sample(0, 0).empty());
  for (int i = 0; i < 1000; ++i) {
    const double x = random.beta(1e-5, 1e-5); // almost always 0 or 1, and never no number
    REQUIRE(x >= 0);
    REQUIRE(x <= 1);
    REQUIRE(random.weighted(std::array{0.0, 2.0, 0.0}) == 1);
  }
}

TEST_CASE("parameters out of range are named") {
  RandomStream random(1);
  const auto says = [](const char* text) { return Catch::Contains(text); };
  CHECK_THROWS_WITH(random.poisson(-1),
                    says("the mean of a Poisson number is in [0, 1e15], not -1"));
  CHECK_THROWS_WITH(random.poisson(NAN), says("not nan"));
  CHECK_THROWS_WITH(random.binomial(5, 1.5), says("a probability is in [0, 1], not 1.5"));
  CHECK_THROWS_WITH(random.geometric(0), says("is in (0, 1], not 0"));
  CHECK_THROWS_WITH(random.gamma(0), says("the shape of a gamma distribution is above 0, not 0"));
  CHECK_THROWS_WITH(random.beta(1, -2), says("b of a beta distribution is above 0, not -2"));
  CHECK_THROWS_WITH(random.weibull(1, 0), says("the scale of a Weibull distribution"));
  CHECK_THROWS_WITH(random.triangular(0, 5, 4), says("not above its high end, not 5"));
  CHECK_THROWS_WITH(random.index(0), says("there is nothing to choose from"));
  CHECK_THROWS_WITH(random.sample(3, 4), says("a sample of 4 of 3 without replacement"));
  CHECK_THROWS_WITH(random.weighted(std::vector<double>()), says("the sum of all weights"));
  CHECK_THROWS_WITH(WeightedChoice(std::array{1.0, -1.0}), says("weights are at least 0"));
}

TEST_CASE("what has weights is chosen in proportion to them, in either way") {
  const std::array weights{3.0, 0.0, 1.0, 6.0, 0.5};
  const double sum = 10.5;
  RandomStream random(8);
  const WeightedChoice choice(weights);
  std::array<std::array<int, 5>, 2> seen{};
  for (int i = 0; i < many; ++i) {
    ++seen[0][random.weighted(weights)];
    ++seen[1][choice.draw(random)];
  }
  for (const auto& counts : seen)
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double expected = many * weights[i] / sum;
      CHECK(std::fabs(counts[i] - expected) <= 5 * std::sqrt(expected));
    }
}

TEST_CASE("a choice of many weights of all sizes never takes one of weight 0") {
  RandomStream random(9);
  std::vector<double> weights;
  for (int i = 0; i < 1000; ++i)
    weights.push_back(random.bernoulli(0.5) ? 0 : random.lognormal(0, 20));
  const WeightedChoice choice(weights);
  for (int i = 0; i < many; ++i)
    REQUIRE(weights[choice.draw(random)] > 0);
}

TEST_CASE("an index is uniform also where 2^64 is no multiple of their number") {
  RandomStream random(10);
  std::array<int, 3> thirds{};
  const std::uint64_t n = 3u << 30u;
  for (int i = 0; i < many; ++i)
    ++thirds[random.index(std::uint64_t{n} << 31) / (std::uint64_t{1} << 61)];
  for (const int count : thirds)
    CHECK(count == Approx(many / 3.0).margin(5 * std::sqrt(many / 3.0)));
}

TEST_CASE("each order is as likely as any other one, in shuffles and in samples") {
  RandomStream random(11);
  std::map<std::vector<std::uint64_t>, int> shuffled;
  std::map<std::vector<std::uint64_t>, int> sampled;
  constexpr int rounds = 60'000;
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::uint64_t> all(4);
    std::iota(all.begin(), all.end(), 0);
    random.shuffle(all);
    ++shuffled[all];
    ++sampled[random.sample(5, 3)];
  }
  CHECK(shuffled.size() == 24);
  CHECK(sampled.size() == 60);
  for (const auto* orders : {&shuffled, &sampled})
    for (const auto& [order, count] : *orders) {
      const double expected = rounds / static_cast<double>(orders->size());
      CHECK(std::fabs(count - expected) <= 5 * std::sqrt(expected));
      CHECK(std::set(order.begin(), order.end()).size() == order.size());
    }
  const std::array letters{'a', 'b', 'c'};
  std::map<char, int> picked;
  for (int i = 0; i < rounds; ++i)
    ++picked[random.pick(letters)];
  for (const auto& [letter, count] : picked)
    CHECK(count == Approx(rounds / 3.0).margin(600));
}

TEST_CASE("all draws have the same bits everywhere") {
  RandomStream random(12);
  std::uint64_t hash = 0;
  for (int i = 0; i < 20'000; ++i) {
    add(hash, random.normal(1, 2));
    add(hash, random.lognormal(0, 1));
    add(hash, random.gamma(0.5));
    add(hash, random.gamma(4, 2));
    add(hash, random.beta(0.5, 0.5));
    add(hash, random.beta(2, 3));
    add(hash, random.weibull(1.5));
    add(hash, random.triangular(0, 1, 3));
    add(hash, random.poisson(3));
    add(hash, random.poisson(300));
    add(hash, random.binomial(20, 0.1));
    add(hash, random.binomial(1000, 0.7));
    add(hash, random.geometric(0.01));
    add(hash, random.index(1'000'000'007));
  }
  for (const std::uint64_t chosen : random.sample(1000, 100))
    add(hash, chosen);
  CHECK(hash == 0xbb432f057f740c7eu);
}

#include "libstos/engine/parallel/least_of.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace stos;
using stos::detail::LeastOf;

TEST_CASE("the least of numbers that come and go is that of a set") {
  RandomStream random(3);
  LeastOf numbers;
  std::multiset<double> oracle;
  for (int i = 0; i < 20'000; ++i) {
    if (oracle.empty() || random.bernoulli(0.48)) {
      const double value = random.below(100); // many are equal
      numbers.add(value);
      oracle.insert(value);
    } else {
      auto any = oracle.begin();
      std::advance(any, random.below(static_cast<std::uint32_t>(oracle.size())));
      numbers.remove(*any);
      oracle.erase(any);
    }
    REQUIRE(numbers.empty() == oracle.empty());
    if (!oracle.empty() && random.bernoulli(0.3))
      REQUIRE(numbers.least() == *oracle.begin());
  }
}

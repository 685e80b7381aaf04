#include "libstos/causal/event_key.hpp"

#include "libstos/base/random.hpp"
#include "libstos/causal/lambda.hpp"
#include "tests/causal/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

EventKey key(double absorption, double emission, std::uint32_t depth, std::uint64_t source,
             std::uint32_t channel, std::uint64_t sequence) {
  return {{absorption, emission, depth}, {source}, {channel}, sequence};
}

EventKey random_key(RandomStream& random) {
  return key(random.below(2), random.below(2), random.below(2), random.below(2), random.below(2),
             random.below(2));
}

} // namespace

TEST_CASE("events are ordered by absorption, emission, depth, source, channel, sequence") {
  // Each key is larger in one field and smaller in all that come after it.
  const std::vector<EventKey> ascending = {
      key(1, 1, 1, 1, 1, 1), key(1, 1, 1, 1, 1, 2), key(1, 1, 1, 1, 2, 0), key(1, 1, 1, 2, 0, 0),
      key(1, 1, 2, 0, 0, 0), key(1, 2, 0, 0, 0, 0), key(2, 0, 0, 0, 0, 0)};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CHECK((ascending[i] < ascending[j]) == (i < j));
      CHECK((ascending[i] == ascending[j]) == (i == j));
    }
}

TEST_CASE("the order of events is total and transitive") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const EventKey a = random_key(random);
    const EventKey b = random_key(random);
    const EventKey c = random_key(random);
    if ((a < b) + (b < a) + (a == b) != 1 || (a < b && b < c && !(a < c)))
      FAIL("case " << i);
  }
}

TEST_CASE("depth counts causes where no time passes, and is 0 elsewhere") {
  Source source(1, 0, resting_at(0));
  Lambda& lambda = source.emit(Point(5, 0, 0, 0), 3);
  CHECK(lambda.key(5).instant.depth == 4);
  CHECK(lambda.key(6).instant.depth == 0);
  CHECK(lambda.key(5).instant > Instant{5, 5, 3});
  CHECK(lambda.key(5).instant > Instant{5, 4, 0});
}

TEST_CASE("an instant before a time precedes all that happens then") {
  CHECK(Instant::before(3) < Instant{3, -1e300, 0});
  CHECK(Instant::before(3) > Instant{2, 2, 100});
  CHECK(Instant::beginning() < Instant::before(-1e300));
  CHECK(Instant{1e300, 1e300, 7} < Instant::never());
}

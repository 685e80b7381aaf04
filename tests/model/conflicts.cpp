// Many agents want to change one thing: updates that combine, and attributes with an owner.

#include "libstos/base/random.hpp"
#include "libstos/code/serialise.hpp"
#include "libstos/model/combined.hpp"
#include "libstos/model/owned.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

using namespace stos;

namespace {

// Saved in the middle of a cycle and loaded again, as at a move or in a cut.
template <class T>
T travelled(const T& x) {
  BytesWriter out;
  save(out, x);
  const std::vector<std::byte> bytes = out.take();
  BytesReader in(bytes);
  T copy;
  REQUIRE(load(in, copy));
  REQUIRE(in.at_end());
  return copy;
}

template <class Operator, class T>
T value_after(const T& begin, const std::vector<T>& updates) {
  Combined<T, Operator> combined(begin, Cycles(10));
  for (const T& update : updates)
    combined.update(3, update);
  return travelled(combined).value(10);
}

struct Gcd {
  static long combine(const long& a, const long& b) { return b == 0 ? a : combine(b, a % b); }
};
struct Last {
  static int combine(const int&, const int& b) { return b; }
};

} // namespace

TEST_CASE("updates of a cycle make the value of the next one, and none is seen before") {
  Combined<int> food(100, Cycles(10));
  food.update(1, 5);
  food.subtract(2, 30);
  CHECK(food.value(9.99) == 100);
  CHECK(food.is_updated(9.99));
  CHECK(food.value(10) == 75);
  CHECK_FALSE(food.is_updated(10));
  food.subtract(35, 1);
  CHECK(food.value(39) == 75);
  CHECK(food.value(1e6) == 74);
}

TEST_CASE("no order of the updates changes a bit of the value") {
  RandomStream random(17);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> updates;
    for (std::uint32_t left = random.below(12); left > 0; --left)
      updates.push_back(
          std::ldexp(random.uniform(-1, 1), static_cast<int>(random.below(120)) - 60));
    updates.push_back(0.0);
    updates.push_back(-0.0);
    const auto bits = [&](auto of) { return std::bit_cast<std::uint64_t>(of(0.1, updates)); };
    const auto all = [&] {
      return std::vector{bits(value_after<Add, double>), bits(value_after<Min, double>),
                         bits(value_after<Max, double>)};
    };
    const auto wanted = all();
    for (int order = 0; order < 5; ++order) {
      random.shuffle(updates);
      CHECK(all() == wanted);
    }
  }
  CHECK(value_after<Gcd>(0L, {12, 18, 30}) == 6);
  CHECK(value_after<Min>(5, {7, 3, 9}) == 3);
  CHECK(value_after<Max>(5, {}) == 5);
  CHECK(value_after<Max>(std::string("b"), {"c", "a"}) == "c");
}

TEST_CASE("integers do not overflow on the way, and not unnoticed at the end") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  Combined<std::int64_t> count(most - 1, Cycles(1));
  for (int i = 0; i < 3; ++i)
    count.update(0, most);
  for (int i = 0; i < 3; ++i)
    count.subtract(0, most);
  count.update(0, 1);
  CHECK(count.value(1) == most);
  count.update(1, 1);
  CHECK_THROWS_WITH(count.value(2), Catch::Contains("its type cannot hold"));
  Combined<unsigned> left(2, Cycles(1));
  left.subtract(0, 3);
  CHECK_THROWS_AS(left.value(1), UsageError);
  Combined<std::int64_t> least(0, Cycles(1));
  least.subtract(0, std::numeric_limits<std::int64_t>::min() + 1);
  CHECK(least.value(1) == most);
}

TEST_CASE("what cannot be combined in any order is an error") {
  Combined<int, Last> last(0, Cycles(1));
  last.update(0, 1);
  CHECK_THROWS_WITH(last.update(0, 2), Catch::Contains("not commutative"));
  Combined<double, Min> least(0, Cycles(1));
  CHECK_THROWS_AS(least.update(0, std::nan("")), UsageError);
}

TEST_CASE("a cycle that has ended takes no more updates") {
  Combined<int> combined(0, Cycles(10));
  combined.update(20, 1);
  CHECK_THROWS_WITH(combined.update(19.9, 1), Catch::Contains("in cycle 1; wanted: cycle 2"));
  Owned<int> owned(0, Cycles(10));
  (void)owned.claim(20, {1});
  CHECK_THROWS_WITH(owned.claim(19.9, {1}), Catch::Contains("in cycle 1; wanted: cycle 2"));
}

TEST_CASE("what one agent has been granted, another one does not get in the same cycle") {
  const AgentId anne{1}, bert{2};
  Owned<int> place(4, Cycles(10));
  CHECK(place.update(0, anne, 5) == Ownership::not_owner);
  CHECK(place.claim(1, anne, 4) == Ownership::granted);
  CHECK(place.claim(2, bert, 4) == Ownership::already_passed);
  CHECK(place.update(3, anne, 5) == Ownership::granted);
  CHECK(place.claim(4, bert, 4) == Ownership::changed);
  CHECK(place.claim(5, bert, 5) == Ownership::already_updated);
  CHECK(place.claim(6, anne) == Ownership::granted);
  CHECK(place.update(7, anne, 6) == Ownership::granted);
  CHECK(place.claim(10, bert, 6) == Ownership::granted);
  CHECK(place.update(11, anne, 7) == Ownership::not_owner);
  CHECK(place.value() == 6);
  CHECK(place.owner() == bert);
}

TEST_CASE(
    "whatever agents ask for, an attribute passes once in a cycle, and never after a change") {
  RandomStream random(23);
  for (int round = 0; round < 100; ++round) {
    Owned<int> owned(-1, Cycles(1));
    std::map<std::int64_t, int> passed;
    std::map<std::int64_t, bool> updated;
    double time = 0;
    for (int step = 0; step < 200; ++step) {
      time += random.uniform(0, 0.3);
      const std::int64_t cycle = owned.cycles().of(time);
      const AgentId by{1 + random.below(4)};
      const AgentId before = owned.owner();
      if (random.bernoulli(0.5)) {
        const bool granted = owned.update(time, by, step) == Ownership::granted;
        CHECK(granted == (by == before));
        CHECK((owned.value() == step) == granted);
        updated[cycle] = updated[cycle] || granted;
      } else {
        const bool granted = owned.claim(time, by) == Ownership::granted;
        CHECK(granted == (owned.owner() == by));
        if (owned.owner() != before) {
          CHECK(++passed[cycle] == 1);
          CHECK_FALSE(updated[cycle]);
        } else if (!granted) {
          CHECK((passed[cycle] == 1 || updated[cycle]));
        }
      }
      owned = travelled(owned);
    }
  }
}

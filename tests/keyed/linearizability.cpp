#include "libstos/base/random.hpp"
#include "tests/keyed/counter_model.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using History = std::vector<CounterOperation>;

CounterOperation add(std::int64_t amount, CounterOutput output, std::uint64_t called,
                     std::uint64_t returned) {
  return {{CounterInput::Kind::add, amount}, output, called, returned};
}
CounterOperation get(CounterOutput output, std::uint64_t called, std::uint64_t returned) {
  return {{CounterInput::Kind::get, 0}, std::optional<CounterOutput>(output), called, returned};
}
CounterOperation leave(std::int64_t output, std::uint64_t called, std::uint64_t returned) {
  return {{CounterInput::Kind::leave, 0}, CounterOutput(output), called, returned};
}
CounterOperation unanswered_add(std::int64_t amount, std::uint64_t called) {
  return {{CounterInput::Kind::add, amount}, std::nullopt, called, CounterOperation::never};
}

bool holds(const History& history) { return is_linearizable<CounterModel>(history); }

/// What a counter does that is used by some clients at a time.
/// Without `leaves`, all are answered, and no sum comes twice.
History made_up(RandomStream& random, std::size_t operations, bool leaves) {
  History history;
  CounterModel::State state;
  std::map<std::size_t, std::uint64_t> free_at; // of clients
  std::uint64_t now = 10;
  for (std::size_t i = 0; i < operations; ++i) {
    now += 1 + random.below(10); // the point at which it is done
    std::size_t client = 0;
    while (free_at[client] + 1 >= now)
      ++client;
    CounterOperation operation;
    const double kind = random.uniform();
    operation.input.kind = kind < 0.5              ? CounterInput::Kind::add
                           : kind < 0.9 || !leaves ? CounterInput::Kind::get
                                                   : CounterInput::Kind::leave;
    operation.input.amount = static_cast<std::int64_t>(i + 1);
    operation.called = now - 1 -
                       random.below(static_cast<std::uint32_t>(
                           std::min<std::uint64_t>(20, now - free_at[client] - 1)));
    operation.returned = now + 1 + random.below(20);
    free_at[client] = operation.returned;
    const CounterModel::State before = state;
    state = *CounterModel::step(before, operation.input, nullptr);
    CounterOutput answer = before;
    if (operation.input.kind == CounterInput::Kind::add)
      answer = state;
    if (operation.input.kind == CounterInput::Kind::leave)
      answer = before.value_or(0);
    if (!leaves || !random.bernoulli(0.05))
      operation.output = answer;
    history.push_back(operation);
  }
  return history;
}

} // namespace

TEST_CASE("operations one after the other are linearizable if each answer is right") {
  CHECK(holds({}));
  CHECK(holds({get(std::nullopt, 1, 2), add(5, 5, 3, 4), get(5, 5, 6), leave(5, 7, 8),
               get(std::nullopt, 9, 10), add(1, 1, 11, 12)}));
}

TEST_CASE("operations at the same time may have come in any order") {
  CHECK(holds({add(1, 3, 1, 10), add(2, 2, 1, 10)}));
  CHECK(holds({add(1, 1, 1, 10), get(std::nullopt, 2, 3), get(1, 4, 5)}));
  CHECK(holds({add(1, 1, 1, 5), get(1, 5, 6)}));
}

TEST_CASE("a stale read is found") {
  CHECK_FALSE(holds({add(1, 1, 1, 2), get(std::nullopt, 3, 4)}));
  CHECK_FALSE(holds({add(1, 1, 1, 20), get(1, 2, 3), get(std::nullopt, 4, 5)}));
}

TEST_CASE("a lost and a doubled command are found") {
  CHECK_FALSE(holds({add(1, 1, 1, 2), add(2, 2, 3, 4)}));
  CHECK_FALSE(holds({add(1, 1, 1, 2), get(2, 3, 4)}));
  CHECK_FALSE(holds({add(1, 1, 1, 9), add(2, 3, 1, 9), get(4, 10, 11)}));
}

TEST_CASE("an agent that comes back from the dead is found") {
  CHECK_FALSE(holds({add(1, 1, 1, 2), leave(1, 3, 4), get(1, 5, 6)}));
  CHECK_FALSE(holds({add(1, 1, 1, 2), leave(1, 3, 4), add(1, 2, 5, 6)}));
}

TEST_CASE("a command without an answer may have been done, later or never, but once") {
  CHECK(holds({unanswered_add(5, 1), get(std::nullopt, 2, 3), get(5, 4, 5)}));
  CHECK(holds({unanswered_add(5, 1), get(std::nullopt, 2, 3)}));
  CHECK_FALSE(holds({unanswered_add(5, 1), get(5, 2, 3), get(10, 4, 5)}));
  CHECK_FALSE(holds({unanswered_add(5, 1), get(5, 2, 3), get(std::nullopt, 4, 5)}));
  CHECK_FALSE(holds({get(5, 1, 2), unanswered_add(5, 3)}));
}

TEST_CASE(
    "histories that a counter has made are linearizable, and with a wrong answer they are not") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    History history = made_up(random, 100, true);
    REQUIRE(holds(history));
    CounterOperation* wrong = nullptr;
    while (wrong == nullptr || !wrong->output || !*wrong->output)
      wrong = &history[random.below(100)];
    **wrong->output += 100'000'000;
    REQUIRE_FALSE(holds(history));
  }
}

TEST_CASE("an answer that was right a while ago is found") {
  int checked = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    RandomStream random(mix64(seed));
    History history = made_up(random, 60, false);
    const auto is_read = [](const CounterOperation& operation) {
      return operation.input.kind == CounterInput::Kind::get;
    };
    // A read that is answered as one that was over before an addition between the two was called.
    for (CounterOperation& late : history)
      for (const CounterOperation& early : history)
        if (is_read(late) && is_read(early) &&
            std::ranges::any_of(history, [&](const CounterOperation& between) {
              return between.input.kind == CounterInput::Kind::add &&
                     early.returned < between.called && between.returned < late.called;
            })) {
          const auto right = std::exchange(late.output, early.output);
          REQUIRE_FALSE(holds(history));
          late.output = right;
          ++checked;
        }
    REQUIRE(holds(history));
  }
  CHECK(checked > 100);
}

#include "tests/causal/support.hpp"
#include "tests/support/encounters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

/// A receiver and some sources with their lambdas, made up by a seed, many of them coincident.
struct Situation {
  explicit Situation(std::uint64_t seed) : random(mix64(seed)) {
    grid = random.bernoulli(0.5);
    path = {random_place(Point(-5, 0, 0, 0)), random_speed()};
    for (std::uint64_t i = 0, n = 1 + random.below(5); i < n; ++i) {
      const Trajectory worldline(random_place({}), random_speed());
      const auto number = 1 + random.below(2);
      Source& source = sources.emplace_back(1 + i / 2, random.below(3), worldline,
                                            static_cast<std::uint32_t>(2 * number + i % 2));
      double time = worldline.anchor()[0];
      for (auto k = random.below(8); k > 0; --k) {
        time += grid ? random.below(2) : random.exponential(0.5);
        source.emit(source.path.position(time), random.below(3));
      }
    }
  }

  Point random_place(const Point& origin) {
    Point p = origin;
    for (std::size_t i = 1; i < 4; ++i)
      p[i] += grid ? random.below(3) : random.uniform(0, 3);
    return p;
  }
  Velocity<4> random_speed() {
    if (grid)
      return {0.25 * random.below(4), random.bernoulli(0.5) ? -0.5 : 0, 0};
    return random_velocity(random, 1e-3);
  }

  /// Pushes everything in a random order that keeps that of each channel.
  void push_shuffled(Receiver& receiver, RandomStream& order) {
    for (Source& source : sources) {
      source.channel.last_absorption = Instant::beginning().absorption;
      receiver.attach(source);
    }
    std::vector<Lambda*> waiting;
    for (Source& source : sources)
      for (Lambda& lambda : source.lambdas)
        waiting.push_back(&lambda);
    std::shuffle(waiting.begin(), waiting.end(), order);
    std::vector<std::size_t> sent(sources.size(), 0);
    for (const Lambda* slot : waiting)
      for (std::size_t s = 0; s < sources.size(); ++s)
        if (slot->via == &sources[s].channel)
          receiver.push(sources[s].lambdas[sent[s]++]);
  }

  [[nodiscard]] std::vector<EventKey> sorted(const Trajectory& on) const {
    std::vector<EventKey> keys;
    for (const Source& source : sources) {
      double last = Instant::beginning().absorption;
      for (const Lambda& lambda : source.lambdas) {
        last = std::max(last, light_cone::absorption_time(lambda.emission, on, Space()));
        keys.push_back(lambda.key(last));
      }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  RandomStream random;
  bool grid = false;
  Trajectory path;
  std::deque<Source> sources;
};

} // namespace

TEST_CASE("any shuffle of arrivals gives one delivery order, the sorted one") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    Situation situation(seed);
    const std::vector<EventKey> expected = situation.sorted(situation.path);
    for (int shuffle = 0; shuffle < 5; ++shuffle) {
      Receiver receiver(situation.path);
      situation.push_shuffled(receiver, situation.random);
      REQUIRE(receiver.drain() == expected);
    }
  }
}

TEST_CASE("an agent that turns meets all that is queued where its new worldline does") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    Situation situation(seed);
    RandomStream& random = situation.random;
    Receiver receiver(situation.path);
    situation.push_shuffled(receiver, random);
    std::vector<double> due;
    for (int i = 0; i < 4; ++i) {
      due.push_back(situation.grid ? random.below(9) : random.uniform(0, 9));
      receiver.push(receiver.timer(due.back(), receiver.path.anchor()[0]));
    }

    // Without deliveries in between, so that everything is keyed anew each time.
    double time = -5;
    for (auto turns = 1 + random.below(4); turns > 0; --turns) {
      time += situation.grid ? random.below(3) : random.uniform(0, 3);
      receiver.turn(time, situation.random_speed());
    }
    std::vector<EventKey> expected = situation.sorted(receiver.path);
    for (const Lambda& timer : receiver.timers) {
      const double absorbed =
          std::max(receiver.path.laboratory_time(timer.due), receiver.path.anchor()[0]);
      expected.push_back(timer.key(absorbed));
    }
    std::sort(expected.begin(), expected.end());
    REQUIRE(receiver.drain() == expected);
  }
}

TEST_CASE("a timer keeps its own time through all turns that come before it") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  RandomStream random(seed);
  for (int i = 0; i < 2000; ++i) {
    Receiver receiver(Trajectory(Point(0, 0, 0, 0), random_velocity(random, 1e-2)));
    receiver.push(receiver.timer(50, 0));
    for (int turn = 0; turn < 5; ++turn) {
      const double now = receiver.path.anchor()[0];
      const double due = receiver.mailbox.front_key().instant.absorption;
      receiver.turn(now + (due - now) * random.uniform(0, 0.5), random_velocity(random, 1e-2));
    }
    const double due = receiver.mailbox.front_key().instant.absorption;
    REQUIRE(receiver.path.local_time(due) == Approx(50).epsilon(1e-11));
  }
}

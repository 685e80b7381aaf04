#include "libstos/base/random.hpp"
#include "libstos/spacetime/light_cone.hpp"
#include "tests/causal/support.hpp"
#include "tests/support/encounters.hpp"
#include "tests/support/numbers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <memory_resource>
#include <numeric>
#include <utility>

using namespace stos;
using namespace stos::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE("an empty mailbox is idle") {
  Receiver receiver;
  CHECK(receiver.next({}).kind == NextStep::Kind::idle);
  CHECK(receiver.mailbox.empty());
  CHECK(receiver.mailbox.take_any() == nullptr);
}

TEST_CASE("an empty open channel blocks a later crossing") {
  Receiver receiver;
  Source near(1, 0, resting_at(1));
  Source far(2, 1, resting_at(5));
  receiver.attach(near);
  receiver.attach(far);

  receiver.push(near.emit_at(3)); // due at 4, before anything that `far` emits from now on
  CHECK(receiver.delivers({4, 0}));
  receiver.push(near.emit_at(5)); // due at 6
  CHECK(&receiver.mailbox.pop() == &near.lambdas[0]);
  const NextStep step = receiver.next({6, 0});
  CHECK(step.kind == NextStep::Kind::blocked);
  CHECK(step.blocked_on == 1_group);
}

TEST_CASE("a horizon that moves on clears the way") {
  Receiver receiver;
  Source near(1, 0, resting_at(1));
  Source far(2, 1, resting_at(5));
  receiver.attach(near);
  receiver.attach(far);
  receiver.push(near.emit_at(5)); // due at 6
  CHECK_FALSE(receiver.delivers({6, 0.5}));
  CHECK_FALSE(receiver.delivers({6, 1})); // what is emitted right now is due at 6, too
  CHECK(receiver.delivers({6, 1.5}));
  CHECK(receiver.delivers({6, infinity}));
}

TEST_CASE("a closed channel does not block, and what it has brought stays") {
  Receiver receiver;
  Source near(1, 0, resting_at(1));
  Source far(2, 1, resting_at(2));
  receiver.attach(near);
  receiver.attach(far);
  receiver.push(far.emit_at(0)); // due at 2
  receiver.push(near.emit_at(5));
  receiver.detach(far);
  CHECK(receiver.mailbox.size() == 2);
  CHECK(receiver.open_channels() == 1);
  CHECK(receiver.mailbox.lookahead(1_group) == infinity);
  CHECK(&receiver.mailbox.pop() == &far.lambdas[0]);
  CHECK(receiver.delivers({6, 0}));
}

TEST_CASE("a lambda waits until its own source has gone on, which may open a second channel") {
  Receiver receiver;
  Source source(1, 0, resting_at(1));
  receiver.attach(source);
  receiver.push(source.emit_at(5));
  CHECK_FALSE(receiver.delivers({0}));
  CHECK_FALSE(receiver.delivers({5}));
  CHECK(receiver.delivers({5.1}));
}

TEST_CASE("what has arrived from a moving source is a promise like its horizon") {
  Receiver receiver;
  Source near(1, 0, resting_at(3));
  Source moving(2, 1, Trajectory(Point(0, 4, 0, 0), Velocity<4>(0.5, 0, 0)));
  receiver.attach(near);
  receiver.attach(moving);
  receiver.push(near.emit_at(5)); // due at 8
  CHECK_FALSE(receiver.delivers({6, 0}));
  receiver.push(moving.emit_at(6)); // at a distance of 7, and nothing comes of it before that
  CHECK(receiver.delivers({6, 0}));
  CHECK(&receiver.mailbox.pop() == &near.lambdas[0]);
  CHECK_FALSE(receiver.delivers({13, 0})); // but it may open another channel right then
  CHECK(receiver.delivers({13, 6.1}));
}

TEST_CASE("a group whose last channel is closed holds nobody back, whatever its horizon") {
  for (const double horizon : {0.0, -infinity}) {
    Receiver receiver;
    Source source(1, 0, resting_at(3));
    receiver.attach(source);
    receiver.push(source.emit_at(5));
    CHECK_FALSE(receiver.delivers({horizon}));
    receiver.detach(source);
    CHECK(receiver.delivers({horizon}));
    CHECK(receiver.silent_before(1e9, {horizon}));
  }
}

TEST_CASE("a source's reaction time comes on top of its horizon") {
  Receiver receiver;
  Source slow(1, 0, Trajectory(Point(0, 0, 0, 0), Velocity<4>(0, 0.5, 0)));
  Source other(2, 1, resting_at(1));
  slow.channel.require_course().reaction_time = 2;
  receiver.attach(slow);
  receiver.attach(other);
  CHECK(receiver.mailbox.lookahead(0_group) == 2);
  receiver.push(other.emit_at(7)); // due at 8
  CHECK_FALSE(receiver.delivers({5, 8}));
  CHECK(receiver.delivers({6.1, 8}));
}

TEST_CASE("between two who rest the longer of reaction time and distance is the lookahead") {
  Receiver receiver;
  Source near(1, 0, resting_at(1));
  Source far(2, 1, resting_at(5));
  near.channel.require_course().reaction_time = 2;
  far.channel.require_course().reaction_time = 2;
  receiver.attach(near);
  receiver.attach(far);
  CHECK(receiver.mailbox.lookahead(0_group) == 2);
  CHECK(receiver.mailbox.lookahead(1_group) == Approx(5));
  CHECK(CausalMailbox::lookahead_of(near.channel, receiver.path, receiver.space) == 2);
}

TEST_CASE("the group that holds an agent back is named, whichever it is") {
  for (std::uint16_t slow = 0; slow < 5; ++slow) {
    Receiver receiver;
    std::deque<Source> sources;
    for (std::uint16_t group = 0; group < 5; ++group)
      receiver.attach(sources.emplace_back(group + 1u, group, resting_at(1)));
    Source other(9, 5, resting_at(2));
    receiver.attach(other);
    receiver.push(other.emit_at(10));
    std::vector<double> horizons(6, 20.0);
    CHECK(receiver.delivers(horizons));
    horizons[slow] = 3;
    const NextStep step = receiver.next(horizons);
    CHECK(step.kind == NextStep::Kind::blocked);
    CHECK(step.blocked_on == Group(slow));
  }
}

TEST_CASE("one number bounds all sources of a group, each by its own distance") {
  Receiver receiver;
  std::deque<Source> sources;
  for (const double x : {3.0, 7.0, 5.0})
    receiver.attach(sources.emplace_back(sources.size() + 1, 0, resting_at(x)));
  receiver.push(sources[0].emit_at(6)); // due at 9
  CHECK_FALSE(receiver.delivers({6}));  // its own source may still open another channel
  CHECK(receiver.delivers({6.1}));
  receiver.detach(sources[0]);
  CHECK_FALSE(receiver.delivers({4})); // the one at 5 may still reach it at 9
  CHECK(receiver.delivers({4.1}));
}

TEST_CASE("an event at the very floor is delivered") {
  // Two agents in one place, at one time: no horizon can say which of them is first.
  Receiver receiver;
  Source here(1, 0, resting_at(0));
  Source other(2, 1, resting_at(0));
  receiver.attach(here);
  receiver.attach(other);
  receiver.push(here.emit(Point(5, 0, 0, 0), 2));
  const Instant due = receiver.mailbox.front_instant();
  CHECK(due == Instant{5, 5, 3});
  CHECK_FALSE(receiver.delivers({5, 5}));
  CHECK_FALSE(receiver.delivers({5, 5}, Instant{5, 5, 2}));
  CHECK(receiver.delivers({5, 5}, due));
  CHECK(receiver.delivers({5, 5}, Instant{5, 5, 4}));
}

TEST_CASE("a channel promises nothing before it was opened") {
  Receiver receiver;
  Source moving(1, 0, Trajectory(Point(0, 1, 0, 0), Velocity<4>(0, 0.5, 0)));
  Source other(2, 1, resting_at(1));
  moving.channel.require_course().silent_until = 8;
  receiver.attach(moving);
  receiver.attach(other);
  receiver.push(other.emit_at(7)); // due at 8
  CHECK(receiver.delivers({0, 8}));
  moving.channel.require_course().silent_until = 3;
  CHECK_FALSE(receiver.delivers({0, 8}));
}

TEST_CASE("of a source whose worldline is unknown no distance is assumed") {
  Receiver receiver;
  Source unknown(1, 0, resting_at(100));
  unknown.channel.source_path = nullptr;
  Source other(2, 1, resting_at(1));
  receiver.attach(unknown);
  receiver.attach(other);
  CHECK(receiver.mailbox.lookahead(0_group) == 0);
  receiver.push(other.emit_at(7)); // due at 8
  CHECK_FALSE(receiver.delivers({7.9, 8}));
  CHECK_FALSE(receiver.delivers({8, 8}));
  CHECK(receiver.delivers({8.1, 8}));
}

TEST_CASE("the lookahead of a group is the way of light from its nearest source") {
  Receiver receiver;
  Source a(1, 0, resting_at(3));
  Source b(2, 0, resting_at(0, 2));
  Source c(3, 1, resting_at(7));
  CHECK(receiver.mailbox.lookahead(0_group) == infinity);
  receiver.attach(a);
  CHECK(receiver.mailbox.lookahead(0_group) == Approx(3));
  CHECK(receiver.mailbox.lookahead(0_group) <= 3);
  receiver.attach(b);
  receiver.attach(c);
  CHECK(receiver.mailbox.lookahead(0_group) == Approx(2));
  CHECK(receiver.mailbox.lookahead(1_group) == Approx(7));
  receiver.detach(b);
  CHECK(receiver.mailbox.lookahead(0_group) == Approx(3));
  receiver.detach(a);
  CHECK(receiver.mailbox.lookahead(0_group) == infinity);
}

TEST_CASE("a source that starts to move takes its group's lookahead away until it rests") {
  Receiver receiver;
  Source a(1, 0, resting_at(3));
  Source b(2, 0, resting_at(5));
  receiver.attach(a);
  receiver.attach(b);
  a.path = a.path.turned(1, Velocity<4>(0.5, 0, 0));
  receiver.mailbox.source_turned(a.channel, receiver.path, receiver.space);
  CHECK(receiver.mailbox.lookahead(0_group) == 0);
  a.path = a.path.turned(3, Velocity<4>());
  receiver.mailbox.source_turned(a.channel, receiver.path, receiver.space);
  CHECK(receiver.mailbox.lookahead(0_group) == Approx(4));
}

TEST_CASE("an agent that moves itself has no lookahead until it rests") {
  Receiver receiver;
  Source a(1, 0, resting_at(3));
  receiver.attach(a);
  receiver.turn(1, Velocity<4>(0.5, 0, 0));
  CHECK(receiver.mailbox.lookahead(0_group) == 0);
  receiver.turn(3, Velocity<4>());
  CHECK(receiver.mailbox.lookahead(0_group) == Approx(2));
}

TEST_CASE("a moving source is bounded by where it is, not by how far it was") {
  Receiver receiver;
  Source coming(1, 0, Trajectory(Point(0, 10, 0, 0), Velocity<4>(-0.5, 0, 0)));
  Source other(2, 1, resting_at(1));
  receiver.attach(coming);
  receiver.attach(other);
  receiver.push(other.emit_at(11)); // due at 12
  // At 4 it is at 8: bound 12. At 4.5 it is at 7.75: bound 12.25.
  CHECK_FALSE(receiver.delivers({3.9, 12}));
  CHECK(receiver.delivers({4.5, 12}));
}

TEST_CASE("an agent is silent before the earliest crossing that is still possible") {
  Receiver receiver;
  Source a(1, 0, resting_at(3));
  Source b(2, 1, resting_at(1));
  receiver.attach(a);
  receiver.attach(b);
  CHECK(receiver.silent_before(4.5, {2, 4}));
  CHECK_FALSE(receiver.silent_before(5.5, {2, 4})); // a may reach it at 5
  CHECK_FALSE(receiver.silent_before(5, {2, 3}));   // b may reach it at 4
  CHECK(receiver.silent_before(5.5, {2, 4}, Instant{5.5, 0, 0}));
  CHECK(receiver.silent_before(1e9, {infinity, infinity}));
  receiver.detach(a);
  receiver.detach(b);
  CHECK(receiver.silent_before(1e9, {0, 0}));
}

TEST_CASE("what comes from outside is due at the time that it was given") {
  Receiver receiver;
  Lambda injected;
  injected.kind = Lambda::Kind::outside;
  injected.emission = Point(7, 0, 0, 0);
  receiver.push(injected);
  CHECK(receiver.mailbox.front_key().instant.absorption == 7);
  receiver.turn(2, Velocity<4>(0.5, 0, 0));
  CHECK(receiver.mailbox.front_key().instant.absorption == 7);
}

TEST_CASE("a timer is due when the agent's own clock shows its time") {
  Receiver receiver(Trajectory(Point(0, 0, 0, 0), Velocity<4>(0.6, 0, 0)));
  receiver.push(receiver.timer(8, 0));
  CHECK(receiver.mailbox.front_key().instant.absorption == Approx(10));
  receiver.turn(5, Velocity<4>()); // its clock shows 4
  CHECK(receiver.mailbox.front_key().instant.absorption == Approx(9));
}

TEST_CASE("a timer of length 0 comes after its cause, and so does the timer that it starts") {
  Receiver receiver;
  receiver.push(receiver.timer(3, 3, 0));
  const EventKey first = receiver.mailbox.front_key();
  CHECK(first.instant == Instant{3, 3, 1});
  (void)receiver.mailbox.pop();
  receiver.push(receiver.timer(3, 3, first.instant.depth));
  CHECK(receiver.mailbox.front_key() > first);
}

TEST_CASE("whatever is left can be taken out without order") {
  Receiver receiver;
  Source source(1, 0, resting_at(1));
  receiver.attach(source);
  for (int i = 0; i < 5; ++i)
    receiver.push(source.emit_at(i));
  std::vector<Lambda*> taken;
  while (Lambda* lambda = receiver.mailbox.take_any())
    taken.push_back(lambda);
  std::sort(taken.begin(), taken.end());
  CHECK(taken.size() == 5);
  CHECK(std::adjacent_find(taken.begin(), taken.end()) == taken.end());
}

TEST_CASE("one channel is first in, first out, whatever the rounding") {
  const std::uint64_t seed = 1;
  RandomStream random(seed);
  int inverted = 0;
  for (int i = 0; i < 20'000; ++i) {
    Receiver receiver(
        Trajectory(random_point(random, Point(-10, 0, 0, 0), 1), random_velocity(random, 1e-6)));
    Source source(1, 0, Trajectory(random_point(random, {}, 1e3), random_velocity(random, 1e-9)));
    receiver.attach(source);
    double time = source.path.anchor()[0];
    double last = -infinity;
    for (int k = 0; k < 4; ++k) {
      Lambda& lambda = source.emit_at(time);
      const double computed =
          light_cone::absorption_time(lambda.emission, receiver.path, receiver.space);
      inverted += computed < last ? 1 : 0;
      last = computed;
      receiver.push(lambda);
      time = std::nextafter(time, infinity);
    }
    const std::vector<EventKey> keys = receiver.drain();
    for (std::size_t k = 0; k < keys.size(); ++k)
      if (keys[k].sequence != k)
        FAIL("seed " << seed << ", case " << i << ": number " << keys[k].sequence << " came as "
                     << k);
  }
  CHECK(inverted > 100); // else nothing was shown
}

TEST_CASE("a mailbox gives back the memory that it has grown by, in steps that fit the next one") {
  class Counting final : public std::pmr::memory_resource {
  public:
    std::map<std::size_t, int> blocks; // that are in use, by their size

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      ++blocks[bytes];
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
      --blocks[bytes];
      std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  } memory;

  Receiver receiver;
  for (int i = 0; i < 1000; ++i)
    receiver.mailbox.push(receiver.timer(i, 0), receiver.path, receiver.space, memory);
  CHECK(memory.blocks.begin()->first == 64);
  CHECK(std::all_of(memory.blocks.begin(), memory.blocks.end(),
                    [](const auto& entry) { return entry.first % 64 == 0; }));
  CHECK(std::accumulate(memory.blocks.begin(), memory.blocks.end(), 0,
                        [](int sum, const auto& entry) { return sum + entry.second; }) == 1);
  CHECK(receiver.drain().size() == 1000);
  receiver.mailbox.free_memory(memory);
  for (const auto& [bytes, count] : memory.blocks)
    CHECK(count == 0);
}

namespace {

// Many sources of one group that move, and agents elsewhere of which only is known until when they
// are silent; an independent look at each of them says what the mailbox has to say of all.
class ManyMoving {
public:
  explicit ManyMoving(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 200; ++i)
      open();
  }

  void open() {
    Source& source =
        sources_.emplace_back(sources_.size() + 1, 0,
                              Trajectory(Point(now, random_.uniform(2, 20), 0, 0),
                                         Velocity<4>(random_.uniform(-0.5, 0.5), 0, 0)));
    source.channel.last_absorption = now;
    if (random_.bernoulli(0.3)) {
      source.channel.source_path = nullptr;
      source.channel.require_course().silent_until = now + random_.uniform(0, 5);
    }
    receiver.attach(source);
    is_open_.push_back(true);
  }
  void close_any() {
    const std::size_t i = any();
    if (std::exchange(is_open_[i], false))
      receiver.detach(sources_[i]);
  }
  void turn_any() {
    Source& source = sources_[any()];
    if (source.channel.source_path == nullptr)
      return;
    source.path = source.path.turned(now, Velocity<4>(random_.uniform(-0.5, 0.5), 0, 0));
    if (!source.channel.detached)
      receiver.mailbox.source_turned(source.channel, receiver.path, receiver.space);
  }

  [[nodiscard]] bool is_silent_before(double due, double horizon) const {
    if (due < horizon)
      return true;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      const double emission =
          std::max(light_cone::arrival_bound(horizon, 0), source.channel.silent_until());
      if (!is_open_[i] || due < emission)
        continue;
      if (source.channel.source_path == nullptr ||
          !(due < light_cone::absorption_bound(source.path,
                                               std::max(emission, source.path.anchor()[0]),
                                               receiver.path, receiver.space)))
        return false;
    }
    return true;
  }

  Receiver receiver;
  double now = 0;

private:
  std::size_t any() { return random_.below(static_cast<std::uint32_t>(sources_.size())); }

  RandomStream random_;
  std::deque<Source> sources_;
  std::deque<bool> is_open_;
};

} // namespace

TEST_CASE("of many moving sources the mailbox says what a look at each of them says") {
  RandomStream random(5);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ManyMoving world(seed);
    int silent = 0, blocked = 0;
    double asked_at = -1;
    for (int step = 0; step < 2'000; ++step) {
      switch (random.below(20)) {
        case 0: world.open(); break;
        case 1: world.close_any(); break;
        case 2: world.turn_any(); break;
        case 3: world.now += random.uniform(0, 0.2); break;
        default: {
          // What the agent itself has caused may happen before all that was known.
          const double horizon = world.now + (random.bernoulli(0.5) ? 0 : random.uniform(0, 2));
          const double due = world.now + random.uniform(0, 8);
          const bool wanted = world.is_silent_before(due, horizon);
          const bool seen = world.receiver.silent_before(due, {horizon});
          CHECK((!seen || wanted));
          if (horizon != std::exchange(asked_at, horizon))
            CHECK(seen == wanted);
          ++(seen ? silent : blocked);
        }
      }
    }
    CHECK(silent > 20);
    CHECK(blocked > 100);
  }
}

TEST_CASE("among many channels, one that is opened later holds back what it may come before") {
  Receiver receiver;
  std::deque<Source> references;
  for (std::uint64_t i = 0; i < 100; ++i) {
    Source& reference = references.emplace_back(i + 1, 0, resting_at(0));
    reference.channel.source_path = nullptr;
    reference.channel.require_course().silent_until = 20;
    receiver.attach(reference);
  }
  CHECK(receiver.silent_before(15, {13}));
  CHECK(receiver.silent_before(19, {13}));
  Source later(1000, 0, Trajectory(Point(14, 1, 0, 0), Velocity<4>(0.1, 0, 0)));
  later.channel.last_absorption = 14;
  receiver.attach(later);
  CHECK_FALSE(receiver.silent_before(19, {13}));
  CHECK(receiver.silent_before(14, {13.5}));
  CHECK_FALSE(receiver.silent_before(15.5, {13.5}));
  CHECK_FALSE(receiver.silent_before(20, {19}));
  CHECK(receiver.silent_before(19.5, {19}));
  CHECK_FALSE(receiver.silent_before(19.5, {15})); // it may have caused something itself
}

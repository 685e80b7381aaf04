// Who meets whom for which run, on nodes that come, lose their patience, fail and come again.

#include "libstos/cluster/membership/meetings.hpp"

#include "libstos/base/random.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace stos;
using namespace stos::detail;

namespace {

using Call = Meetings::Call;
using Departure = Meetings::Departure;
using Announcement = Meetings::Announcement;

std::vector<std::string> names_of(std::size_t nodes) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < nodes; ++i)
    names.push_back(std::string(1, static_cast<char>('a' + i)));
  return names;
}

std::vector<std::byte> content(std::uint8_t value) { return {std::byte{value}}; }

} // namespace

TEST_CASE("all who come to a meeting hear what all have said") {
  Meetings a(names_of(3), 0);
  const std::uint64_t attempt = *a.begin("mars");
  CHECK(a.hear(2, Announcement{"mars", 7, 1, content(3)}));
  const Announcement own = a.come(attempt, content(1));
  CHECK(own.simulation == "mars");
  CHECK(own.meeting == 1);
  CHECK_FALSE(a.all_are_there(attempt));
  CHECK(a.who_is_missing(attempt) == "b");
  CHECK(a.hear(1, Announcement{"venus", 1, 1, content(9)}));
  CHECK_FALSE(a.all_are_there(attempt));
  CHECK(a.who_is_missing(attempt) == "b (it waits for the others in simulation venus)");
  CHECK(a.hear(1, Announcement{"mars", 2, 1, content(2)}));
  REQUIRE(a.all_are_there(attempt));
  CHECK(a.announcements(attempt)[0].content == content(1));
  CHECK(a.announcements(attempt)[1].content == content(2));
  CHECK(a.announcements(attempt)[1].attempt == 2);
  CHECK(a.announcements(attempt)[2].content == content(3));

  CHECK(a.hear(1, Announcement{"mars", 2, 2, content(5)})); // b is ahead
  CHECK(a.come(attempt, content(4)).meeting == 2);
  CHECK_FALSE(a.all_are_there(attempt));
  CHECK(a.who_is_missing(attempt) == "c");
  CHECK(a.hear(2, Announcement{"mars", 7, 2, content(6)}));
  REQUIRE(a.all_are_there(attempt));
  CHECK(a.announcements(attempt)[2].content == content(6));
}

TEST_CASE("those whom the first node does not call do not meet") {
  Meetings b(names_of(3), 1);
  const std::uint64_t attempt = *b.begin("mars");
  b.come(attempt, content(1));
  CHECK(b.hear(0, Announcement{"mars", 4, 1, content(2)}));
  CHECK(b.hear(2, Announcement{"mars", 5, 1, content(3)}));
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.who_is_missing(attempt) == "a (it has come, but has not called the others)");
  CHECK_FALSE(b.hear(2, Call{"mars", {4, attempt, 5}})); // not for c to say
  CHECK_FALSE(b.hear(0, Call{"mars", {4, attempt}}));
  CHECK(b.hear(0, Call{"mars", {4, attempt + 1, 5}})); // nobody here
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.hear(0, Call{"mars", {6, attempt, 7}}));
  CHECK(b.hear(0, Announcement{"mars", 6, 1, content(4)}));
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.hear(2, Announcement{"mars", 7, 1, content(5)}));
  REQUIRE(b.all_are_there(attempt));
  CHECK(b.announcements(attempt)[0].content == content(4));
  CHECK(b.announcements(attempt)[2].attempt == 7);
}

TEST_CASE("who was called may be at the next meeting before this node was called") {
  Meetings b(names_of(3), 1);
  const std::uint64_t attempt = *b.begin("mars");
  b.come(attempt, content(1));
  CHECK(b.hear(2, Announcement{"mars", 1, 1, content(1)}));
  CHECK(b.hear(2, Announcement{"mars", 1, 2, content(2)}));
  CHECK(b.hear(0, Announcement{"mars", 1, 1, content(1)}));
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.hear(0, Call{"mars", {1, attempt, 1}}));
  REQUIRE(b.all_are_there(attempt));
  b.come(attempt, content(2));
  CHECK(b.who_is_missing(attempt) == "a");
}

TEST_CASE("a simulation that runs cannot begin once more on its node, another one can") {
  Meetings a(names_of(2), 0);
  const std::uint64_t mars = *a.begin("mars");
  const auto again = a.begin("mars");
  REQUIRE_FALSE(again);
  CHECK(again.error().context.find("simulation mars runs on this node already") == 0);
  CHECK(a.begin("venus"));
  a.end(mars);
  CHECK(a.begin("mars"));
}

TEST_CASE("who has lost patience is not met, and comes again") {
  Meetings b(names_of(2), 1);
  CHECK(b.hear(0, Announcement{"mars", 1, 1, {}}));
  CHECK(b.hear(0, Departure{"mars", 1, false, "nobody has come"}) == std::nullopt);
  const std::uint64_t attempt = *b.begin("mars");
  b.come(attempt, {});
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.hear(0, Announcement{"mars", 2, 1, {}}));
  CHECK(b.hear(0, Call{"mars", {2, attempt}}));
  REQUIRE(b.all_are_there(attempt));
  CHECK(b.announcements(attempt)[0].attempt == 2);
}

TEST_CASE("a departure that comes before the call is followed by that of the first node") {
  Meetings b(names_of(3), 1);
  const std::uint64_t attempt = *b.begin("mars");
  b.come(attempt, {});
  CHECK(b.hear(2, Announcement{"mars", 1, 1, {}}));
  CHECK(b.hear(2, Departure{"mars", 1, false, "no patience"}) == std::nullopt);
  CHECK(b.hear(0, Announcement{"mars", 1, 1, {}}));
  CHECK(b.hear(0, Call{"mars", {1, attempt, 1}}));
  CHECK_FALSE(b.all_are_there(attempt));
  CHECK(b.hear(0, Departure{"mars", 1, false, "node c has left"}) == attempt);
}

TEST_CASE("who waits hears why somebody has left again") {
  Meetings b(names_of(3), 1);
  const std::uint64_t attempt = *b.begin("mars");
  b.come(attempt, {});
  CHECK(b.hear(0, Announcement{"mars", 1, 1, {}}));
  CHECK(b.hear(0, Departure{"mars", 1, false, "no memory"}) == std::nullopt);
  CHECK(b.who_is_missing(attempt) == "a (it has tried, and left again: no memory), c");
  b.end(attempt);
  const std::uint64_t later = *b.begin("mars");
  b.come(later, {});
  CHECK(b.hear(2, Announcement{"mars", 1, 1, {}}));
  CHECK(b.who_is_missing(later) == "a (it has tried, and left again: no memory)");
  CHECK(b.hear(0, Announcement{"mars", 2, 1, {}}));
  CHECK(b.hear(0, Departure{"mars", 2, true, {}}) == std::nullopt);
  CHECK(b.who_is_missing(later) == "a");
}

TEST_CASE("an attempt is broken by one that was called with it, and no other one is") {
  Meetings a(names_of(2), 0);
  const std::uint64_t mars = *a.begin("mars");
  const std::uint64_t venus = *a.begin("venus");
  a.come(mars, {});
  a.come(venus, {});
  CHECK(a.hear(1, Announcement{"mars", 1, 1, {}}));
  CHECK(a.hear(1, Announcement{"venus", 2, 1, {}}));
  CHECK(a.hear(1, Departure{"venus", 2, false, "out of memory"}) == venus);
  CHECK(a.problem(venus)->context == "node b has left simulation venus: out of memory");
  CHECK_FALSE(a.problem(mars));
  CHECK(a.hear(1, Departure{"mars", 1, true, {}}) == std::nullopt);
  CHECK_FALSE(a.problem(mars));
}

TEST_CASE("announcements that make no sense are refused and change nothing") {
  Meetings a(names_of(2), 0);
  CHECK_FALSE(a.hear(0, Announcement{"mars", 1, 1, {}}));
  CHECK_FALSE(a.hear(2, Announcement{"mars", 1, 1, {}}));
  CHECK(a.hear(1, Announcement{"mars", 1, 1, {}}));
  CHECK_FALSE(a.hear(1, Announcement{"mars", 1, 1, {}}));
  CHECK(a.hear(1, Departure{"venus", 1, false, {}}) == std::nullopt);
  CHECK(a.hear(7, Departure{"mars", 1, false, {}}) == std::nullopt);
  const std::uint64_t attempt = *a.begin("mars");
  a.come(attempt, {});
  REQUIRE(a.all_are_there(attempt));
  CHECK(a.hear(1, Announcement{"mars", 1, 3, {}}));
  CHECK(a.hear(1, Announcement{"mars", 1, 0, {}}));
  a.come(attempt, {});
  a.come(attempt, {});
  CHECK(a.who_is_missing(attempt) == "b"); // nobody has been at meeting 2
}

TEST_CASE("no more attempts of one node wait than may") {
  Meetings a(names_of(3), 0);
  for (std::uint64_t i = 1; i <= Meetings::waiting_max; ++i)
    REQUIRE(a.hear(1, Announcement{"s" + std::to_string(i), i, 1, {}}));
  CHECK_FALSE(a.hear(1, Announcement{"one more", 5000, 1, {}}));
  CHECK_FALSE(a.knows(1, 5000));
  CHECK(a.hear(2, Announcement{"one more", 1, 1, {}}));
  CHECK(a.hear(1, Departure{"s1", 1, false, {}}) == std::nullopt);
  CHECK(a.hear(1, Announcement{"one more", 5000, 1, {}}));
}

namespace {

/// Nodes that want to run simulations together, so and so often each; what they say takes as long
/// as a seed wants. For Mars they meet once, for Venus three times. A run that all of them share
/// goes on until the seed ends it.
class Village {
public:
  Village(std::size_t nodes, std::uint64_t seed, double impatience)
      : nodes_(nodes), impatience_(impatience), random_(seed), wires_(nodes * nodes) {
    for (std::size_t i = 0; i < nodes; ++i)
      people_.push_back({Meetings(names_of(nodes), i), {}});
    for (Person& person : people_)
      person.wishes = {{"mars", 1}, {"venus", 3}};
  }

  /// Until each node has ended `wanted` runs of each simulation well, and all is quiet.
  void live(std::uint64_t wanted) {
    wanted_ = wanted;
    for (std::uint64_t step = 0; step < 200'000; ++step) {
      if (!this->step())
        return;
      impatience_ = step > 2'000 ? 0 : impatience_; // in the end everybody has patience
    }
    FAIL("they never come to an end");
  }

  std::size_t impatient = 0;
  std::size_t broken = 0; ///< these among them
  std::size_t runs = 0;

private:
  struct Wish {
    std::string simulation;
    std::uint8_t meetings;
    std::uint8_t meeting = 0;
    std::optional<std::uint64_t> attempt = {};
    std::uint64_t done = 0;
  };
  struct Person {
    Meetings meetings;
    std::vector<Wish> wishes;
  };
  using Message = std::variant<Announcement, Call, Departure>;

  std::size_t pick(std::size_t n) { return random_.below(static_cast<std::uint32_t>(n)); }

  void tell(std::size_t from, const Message& message) {
    for (std::size_t to = 0; to < nodes_; ++to)
      if (to != from)
        wires_[from * nodes_ + to].push_back(message);
  }

  void leave(std::size_t node, Wish& wish, bool well) {
    tell(node, Departure{wish.simulation, *wish.attempt, well, "a reason"});
    people_[node].meetings.end(*wish.attempt);
    wish.attempt.reset();
    wish.done += well ? 1 : 0;
    runs += well ? 1 : 0;
    broken += well ? 0 : 1;
  }

  // Whether all whom it has joined have joined it in turn, or have ended this very run already.
  bool is_shared(std::size_t node, const Wish& wish, std::size_t which) {
    const auto words = people_[node].meetings.announcements(*wish.attempt);
    if (over_.count({which, numbers(words)}) > 0)
      return true;
    for (std::size_t i = 0; i < nodes_; ++i) {
      const Wish& other = people_[i].wishes[which];
      if (!other.attempt || other.meeting < other.meetings ||
          !people_[i].meetings.all_are_there(*other.attempt) ||
          people_[i].meetings.problem(*other.attempt) ||
          numbers(people_[i].meetings.announcements(*other.attempt)) != numbers(words))
        return false;
    }
    return true;
  }
  static std::vector<std::uint64_t> numbers(const std::vector<Announcement>& words) {
    std::vector<std::uint64_t> numbers;
    for (const Announcement& one : words)
      numbers.push_back(one.attempt);
    return numbers;
  }

  // One thing that can happen; false: nothing can.
  bool step() {
    std::vector<std::function<void()>> can;
    for (std::size_t wire = 0; wire < wires_.size(); ++wire)
      if (!wires_[wire].empty())
        can.emplace_back([this, wire] { arrive(wire); });
    for (std::size_t node = 0; node < nodes_; ++node)
      for (std::size_t which = 0; which < people_[node].wishes.size(); ++which)
        live_one(node, which, can);
    if (can.empty()) {
      for (const Person& person : people_)
        for (const Wish& wish : person.wishes) {
          CHECK_FALSE(wish.attempt);
          CHECK(wish.done == wanted_);
        }
      check_nobody_is_left();
      return false;
    }
    can[pick(can.size())]();
    return true;
  }

  void live_one(std::size_t node, std::size_t which, std::vector<std::function<void()>>& can) {
    Wish& wish = people_[node].wishes[which];
    Meetings& meetings = people_[node].meetings;
    if (!wish.attempt) {
      if (wish.done < wanted_)
        can.emplace_back([this, node, &wish, &meetings] {
          wish.attempt = *meetings.begin(wish.simulation);
          wish.meeting = 1;
          tell(node, meetings.come(*wish.attempt, content(1)));
          call(node);
        });
      return;
    }
    if (meetings.problem(*wish.attempt)) {
      can.emplace_back([this, node, &wish] { leave(node, wish, false); });
      return;
    }
    if (meetings.all_are_there(*wish.attempt)) {
      if (wish.meeting < wish.meetings) {
        can.emplace_back([this, node, &wish, &meetings] {
          for (const Announcement& words : meetings.announcements(*wish.attempt))
            if (words.content != content(wish.meeting))
              FAIL("words of another meeting");
          tell(node, meetings.come(*wish.attempt, content(++wish.meeting)));
        });
        return;
      }
      if (is_shared(node, wish, which))
        can.emplace_back([this, node, which, &wish, &meetings] {
          over_.insert({which, numbers(meetings.announcements(*wish.attempt))});
          leave(node, wish, true);
        });
      return;
    }
    if (random_.bernoulli(impatience_))
      can.emplace_back([this, node, &wish] {
        ++impatient;
        leave(node, wish, false);
      });
  }

  void arrive(std::size_t wire) {
    const Message message = std::move(wires_[wire].front());
    wires_[wire].pop_front();
    Meetings& meetings = people_[wire % nodes_].meetings;
    const std::size_t from = wire / nodes_;
    if (const auto* departure = std::get_if<Departure>(&message))
      (void)meetings.hear(from, *departure);
    else if (const auto* call = std::get_if<Call>(&message))
      REQUIRE(meetings.hear(from, *call));
    else
      REQUIRE(meetings.hear(from, std::get<Announcement>(message)));
    call(wire % nodes_);
  }

  void call(std::size_t node) {
    for (const Call& call : people_[node].meetings.take_calls())
      tell(node, call);
  }

  void check_nobody_is_left() {
    std::size_t known = 0;
    for (const Person& person : people_)
      for (std::size_t node = 0; node < nodes_; ++node)
        for (std::uint64_t attempt = 1; attempt <= 200; ++attempt)
          known += person.meetings.knows(node, attempt) ? 1 : 0;
    CHECK(known == 0);
  }

  std::size_t nodes_;
  double impatience_;
  RandomStream random_;
  std::vector<std::deque<Message>> wires_; // from * nodes + to
  std::vector<Person> people_;
  std::set<std::pair<std::size_t, std::vector<std::uint64_t>>> over_; // well
  std::uint64_t wanted_ = 0;
};

} // namespace

TEST_CASE(
    "nodes that lose their patience and come again meet in the end, and leave nothing behind") {
  std::size_t broken = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    INFO("seed " << seed);
    Village village(2 + seed % 4, seed, 0.1 * static_cast<double>(seed % 5));
    village.live(3);
    CHECK(village.runs == 2 * 3 * (2 + seed % 4));
    // Who loses patience takes along no more than all others, once.
    CHECK(village.broken <= village.impatient * (2 + seed % 4));
    broken += village.broken;
  }
  CHECK(broken > 1'000);
}

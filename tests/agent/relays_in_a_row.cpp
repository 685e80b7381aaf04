#include "libstos/agent/simulation.hpp"
#include "libstos/base/random.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

/// Two domains, of which the second one always goes as far as the first one lets it, who executes a
/// single event whenever the other one has to wait. With 0 domains it is the serial engine.
class OneInTheLead {
public:
  OneInTheLead() = default;
  explicit OneInTheLead(std::size_t domains) : domains_(domains) {}

  RunSummary run(World& world) {
    if (domains_ == 0)
      return ShuffledDomains().run(world);
    std::set<std::size_t> ready;
    detail::DomainSet set(world, domains_, [&ready](std::size_t d) { ready.insert(d); });
    set.start();
    while (!ready.empty()) {
      const std::size_t domain = *ready.rbegin();
      ready.erase(domain);
      if (set.run(domain, domain == 0 ? 1 : 1000) == detail::Domain::Slice::more)
        ready.insert(domain);
    }
    return detail::conclude(world, set.counters(), "one in the lead", 0, set.failure(), {}, {});
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  std::size_t domains_ = 0;
};

using Simulation = ForwardSimulation<Minkowski<2>, OneInTheLead>;

/// Passes on what it absorbs, at once.
class Relay : public Agent<Relay, Simulation> {
public:
  using Agent::Agent;
  ChannelWriter<Relay> next;
  std::vector<double>* last = nullptr; ///< receives when tokens arrive at the end of the row

  void pass() {
    if (next)
      next.send([](Relay& other) { other.pass(); });
    else
      last->push_back(local_time());
  }
};

constexpr int relays = 200; // in a row
constexpr int idle_events = 4;

/// Two rows of relays, from the left and from the right, that end at one agent in the middle. One
/// token runs along each of them; they meet there within a few rounding errors of each other. Idle
/// agents far away see to it that only the beginning of the left row is in another domain.
struct TwoRows {
  double distance;
  double start;
  double lead; ///< of the token from the left, in units of the last place of the start

  /// When the two arrive in the middle, in the order in which they are absorbed.
  [[nodiscard]] std::vector<double> run(std::size_t domains) const {
    std::vector<double> arrivals;
    Simulation simulation({}, OneInTheLead(domains));
    {
      const auto scope = simulation.set_up();
      for (int i = 0; i < 2 * relays - 2; ++i)
        new Relay({0, -1000.0 - i});
      auto* middle = new Relay({0, 0});
      middle->last = &arrivals;
      for (const double side : {-1.0, 1.0}) {
        Relay* inner = middle;
        for (int i = 1; i <= relays; ++i) {
          auto* outer = new Relay({0, side * distance * i});
          outer->next = ChannelWriter(*outer, *inner);
          inner = outer;
        }
        // Its domain may pause before each of them, with a clock that says what comes next.
        for (int i = 1; i <= idle_events; ++i)
          inner->after(start * i / (idle_events + 1), [](Relay&) {});
        const double later = side > 0 ? lead * std::ldexp(start, -52) : 0;
        inner->after(start + later, [](Relay& first) { first.pass(); });
      }
    }
    simulation.run(start + 2 * relays * distance);
    return arrivals;
  }
};

// That rounds down in each step by nearly half a unit in the last place of times from 1 to 2.
double unfortunate_distance(RandomStream& random) {
  constexpr double unit = 0x1p-52;
  return (std::floor(random.uniform(1e-4, 2e-4) / unit) + 0.45) * unit;
}

} // namespace

// Rounding makes a token that goes from agent to agent earlier with each step, so that it arrives
// before light that takes the whole way at once: the horizons of agents have to allow for that.
TEST_CASE("light that goes from agent to agent overtakes nobody who waits for it") {
  RandomStream random(1);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const TwoRows rows{unfortunate_distance(random), random.uniform(1.1, 1.9),
                       static_cast<double>(random.below(20))};
    INFO("seed " << seed);
    REQUIRE(rows.run(0).size() == 2);
    REQUIRE(rows.run(2) == rows.run(0));
  }
}

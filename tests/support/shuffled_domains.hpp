#pragma once

#include "libstos/base/assert.hpp"
#include "libstos/base/random.hpp"
#include "libstos/engine/engine.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "tests/support/any_division.hpp"

#include <array>
#include <vector>

namespace stos::test {

/// Two times of three, domains look for news long enough to see the least time of all, and one time
/// of three long enough to pass those who wait.
inline detail::DomainBoard::Patience any_patience(RandomStream& random) {
  return {std::array{0U, 17U, 40U}[random.below(3)], 0};
}

/// Runs the domains of a world in one thread, in an order and in slices that a seed chooses: every
/// interleaving that workers could produce at slice boundaries, repeatable to the last step.
/// With 0 domains it is the serial engine. With a chance for it, agents are divided anew, at random
/// or by load, again and again.
class ShuffledDomains {
public:
  ShuffledDomains() = default;
  ShuffledDomains(std::size_t domains, std::uint64_t seed, double divided_anew_chance = 0)
      : domains_(domains), random_(seed), divided_anew_chance_(divided_anew_chance) {}

  /// How likely it is at each step that the world is wanted to stop.
  double wants_stop_chance = 0;

  RunSummary run(World& world) {
    if (domains_ == 0)
      return run_serially(world);
    std::vector<detail::RunnerIndex> ready;
    detail::DomainSet set(
        world, domains_, [&ready](detail::RunnerIndex r) { ready.push_back(r); }, nullptr,
        any_patience(random_));
    AnyDivision divide(set);
    set.start();
    std::size_t finished = 0;
    while (finished < domains_) {
      STOS_ASSERT(!ready.empty(), "no domain can go on");
      const std::size_t pick = random_.below(static_cast<std::uint32_t>(ready.size()));
      const DomainIndex domain = ready[pick].domain();
      ready.erase(ready.begin() + static_cast<std::ptrdiff_t>(pick));
      const std::uint64_t events_max = 1 + random_.below(random_.bernoulli(0.5) ? 3 : 300);
      if (random_.bernoulli(divided_anew_chance_))
        (void)set.stops().want_division([&] { divide(random_); });
      if (wants_stop_chance > 0 && random_.bernoulli(wants_stop_chance))
        world.wants_stop = true;
      switch (set.run(domain, events_max)) {
        case detail::Domain::Slice::more: ready.push_back(domain); break;
        case detail::Domain::Slice::parked: break;
        case detail::Domain::Slice::finished: ++finished; break;
      }
    }
    return detail::conclude(world, set.counters(), "shuffled", 0, set.failure(),
                            set.engine_counters(), set.take_reports());
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  static RunSummary run_serially(World& world) {
    detail::SerialEngine engine(world);
    engine.run();
    return detail::conclude(world, engine.execution().counters, "serial", 0,
                            engine.execution().failure(), {},
                            std::move(engine.execution().reports()));
  }

  std::size_t domains_ = 0;
  RandomStream random_{1};
  double divided_anew_chance_ = 0;
};

} // namespace stos::test

#pragma once

#include "libstos/base/assert.hpp"
#include "libstos/engine/engine.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "libstos/engine/parallel/load_division.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace stos::test {

/// How the last run of LevelledDomains on this thread went.
struct Levelling {
  std::vector<std::uint64_t> events; ///< in each domain, in the last quarter of the wall-clock time
  std::size_t divisions = 0;         ///< that were carried out
  std::size_t taken_back = 0;
};
inline thread_local Levelling levelling_of_this_thread;

/// Runs the domains of a world in one thread as if each of them had a worker of its own, on a wall
/// clock that is made up: an event takes 10 us. With `levelled`, agents are divided as LoadBalance
/// says.
class LevelledDomains {
public:
  LevelledDomains() = default;
  LevelledDomains(std::size_t domains, bool levelled) : domains_(domains), levelled_(levelled) {}

  RunSummary run(World& world) {
    Levelling levelling;
    const std::size_t agents = world.setup.effects.changes().born.size();
    std::vector<detail::RunnerIndex> ready;
    detail::DomainSet set(world, domains_, [&ready](detail::RunnerIndex r) { ready.push_back(r); });
    detail::LoadBalance balance(agents);
    detail::LoadDivision division(set);
    std::vector<detail::DomainLoad> loads(domains_);
    std::vector<std::vector<detail::DomainLoad>> history;
    double now_s = 0;
    std::size_t finished = 0;
    set.start();
    while (finished < domains_) {
      STOS_ASSERT(!ready.empty(), "nobody can go on");
      if (levelled_ && !set.board().finished())
        look(set, balance, division, loads, now_s, levelling);
      double longest_s = 1e-6;
      for (const detail::RunnerIndex runner : std::exchange(ready, {})) {
        const DomainIndex d = runner.domain();
        const std::uint64_t before = set.domain(d).execution().counters.absorbed;
        switch (set.run(d, 20)) {
          case detail::Domain::Slice::more: ready.push_back(d); break;
          case detail::Domain::Slice::parked: break;
          case detail::Domain::Slice::finished: ++finished; break;
        }
        const std::uint64_t events = set.domain(d).execution().counters.absorbed - before;
        const double busy_s = static_cast<double>(events) * 1e-5;
        loads[d.number()].events += events;
        loads[d.number()].busy_s += busy_s;
        longest_s = std::max(longest_s, busy_s);
      }
      now_s += longest_s;
      history.push_back(loads);
    }
    for (std::size_t d = 0; d < domains_; ++d)
      levelling.events.push_back(loads[d].events - history[history.size() * 3 / 4][d].events);
    levelling_of_this_thread = levelling;
    return detail::conclude(world, set.counters(), "levelled", now_s, set.failure(), {},
                            set.take_reports());
  }

  template <class T>
  static const void* agent_hooks() {
    return nullptr;
  }

private:
  static void look(detail::DomainSet& set, detail::LoadBalance& balance,
                   detail::LoadDivision& division, const std::vector<detail::DomainLoad>& loads,
                   double now_s, Levelling& levelling) {
    using Advice = detail::LoadBalance::Advice;
    if (set.board().is_paused())
      return;
    const Advice advice = balance.look(now_s, loads);
    if (advice == Advice::go_on)
      return;
    (void)set.stops().want_division([&, advice, now_s] {
      if (advice == Advice::note) {
        division.note();
        balance.noted(now_s, loads);
      } else if (advice == Advice::divide) {
        const bool is_better = division.divide(detail::LoadBalance::seconds_per_event(loads));
        balance.divided(now_s, loads, is_better);
        levelling.divisions += is_better ? 1 : 0;
      } else {
        division.take_back();
        balance.taken_back(now_s);
        ++levelling.taken_back;
      }
    });
  }

  std::size_t domains_ = 1;
  bool levelled_ = false;
};

} // namespace stos::test

#include "libstos/engine/parallel/domain_standings.hpp"

#include <algorithm>

namespace stos::detail {

DomainStandings::DomainStandings(std::size_t domains, std::size_t links) : domains_(domains) {
  for (std::size_t i = 0; i < domains + links; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->taken = PerGroup<std::atomic<std::uint64_t>>(domains + links);
  }
}

// Each value is seen together with the odd version, or with a later one; and `taken` only together
// with the `next` that answers for it.
bool DomainStandings::tell(Group group, double next, const PerGroup<std::uint64_t>& taken,
                           double elsewhere) {
  Slot& own = *slots_[group];
  const std::uint64_t version = own.version.load(std::memory_order_relaxed) | 1;
  own.version.store(version, std::memory_order_relaxed);
  own.next.store(next, std::memory_order_release);
  own.elsewhere.store(elsewhere, std::memory_order_release);
  for (const Group i : taken.indices())
    if (own.taken[i].load(std::memory_order_relaxed) != taken[i])
      own.taken[i].store(taken[i], std::memory_order_release);
  own.version.store(version + 1, std::memory_order_release);
  if (!(next >= own.gateway_waits_for.load(std::memory_order_relaxed)))
    return false;
  own.gateway_waits_for.store(Instant::never().absorption, std::memory_order_relaxed);
  return next < Instant::never().absorption;
}

double DomainStandings::withdraw(Group group) {
  std::atomic<std::uint64_t>& version = slots_[group]->version;
  version.store(version.load(std::memory_order_relaxed) | 1);
  return least_.load();
}

void DomainStandings::keep_outside_behind(double time) {
  double seen = least_.load();
  while (seen < time && !least_.compare_exchange_weak(seen, time))
    ;
}

bool DomainStandings::collect(Scope scope, std::vector<std::uint64_t>& versions,
                              double& least) const {
  for (const auto& slot : slots_) {
    versions.push_back(slot->version.load());
    least = std::min(least, slot->next.load());
    if (scope == Scope::everywhere)
      least = std::min(least, slot->elsewhere.load());
    if (versions.back() % 2 != 0)
      return false;
  }
  return true;
}

// Between two equal collects nothing has changed, so that all values have stood at one instant.
// `between` gets what the first one has found.
template <class Between>
double DomainStandings::collect_twice(Scope scope, Between&& between) const {
  constexpr double useless = Instant::beginning().absorption;
  std::vector<std::uint64_t> before;
  std::vector<std::uint64_t> after;
  double least = Instant::never().absorption;
  if (!collect(scope, before, least))
    return useless;
  between(least);
  double again = least;
  return collect(scope, after, again) && before == after ? least : useless;
}

double DomainStandings::least_here() const {
  return collect_twice(Scope::here, [](double) {});
}

// The time is announced in between, for a domain that withdraws: either it sees the time, or its
// version is odd by the second collect.
double DomainStandings::least_everywhere() {
  return collect_twice(Scope::everywhere, [this](double seen) {
    if (seen != Instant::never().absorption)
      keep_outside_behind(seen);
  });
}

void DomainStandings::gateway_waits_for(double time) {
  for (const DomainIndex i : Indices<DomainIndex>(domains_))
    slots_[i]->gateway_waits_for.store(slots_[i]->next.load() >= time ? Instant::never().absorption
                                                                      : time,
                                       std::memory_order_relaxed);
}

} // namespace stos::detail

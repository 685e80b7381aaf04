#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/causal/event_key.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace stos::detail {

/// Where the domains of one node and its links stand while all run on, and what follows for the
/// whole world: a lower bound on the time of all that is still to come.
///
/// A domain stands at a time before which it has no event, nothing that it has sent and that was
/// not taken in yet, and nothing that it has received. A link stands at the earliest of what waits
/// there for the other node, and `elsewhere` bounds the events of that node. At an instant at which
/// all stand somewhere, the least of it is the bound.
///
/// Threads: tell() and withdraw() by the thread that runs the domain, or the gateway for links; all
///          else by any.
/// Source:  the two equal collects of a double-collect snapshot (Afek et al., "Atomic snapshots of
///          shared memory", 1993). Senders answer for what is under way as in Samadi's algorithm
///          for global virtual time (1985).
class DomainStandings {
public:
  DomainStandings(std::size_t domains, std::size_t links);

  /// `group`, a domain or a link, stands at `next`; to be told before batches are pushed.
  /// `taken[i]` counts the batches from group i that have left their traces in `next`. Returns
  /// whether the gateway waits for it.
  [[nodiscard]] bool tell(Group group, double next, const PerGroup<std::uint64_t>& taken,
                          double elsewhere);

  /// How many of the batches from `from` to `to` the receiver answers for.
  [[nodiscard]] std::uint64_t taken(Group to, Group from) const {
    return slots_[to]->taken[from].load(std::memory_order_acquire);
  }

  [[nodiscard]] double next_of(DomainIndex domain) const { return slots_[domain]->next.load(); }

  /// The bound, which no domain that withdraws later on will stay behind of; never() if nothing is
  /// to come; the beginning of time if no instant could be seen at which all stood somewhere.
  [[nodiscard]] double least_everywhere();

  /// The same of this node alone: what is here, and what waits for other nodes.
  [[nodiscard]] double least_here() const;

  /// Before a domain puts in something from outside, or the gateway does: until it tells again
  /// where it stands, there is no bound. Returns the time that it has to stay behind.
  [[nodiscard]] double withdraw(Group group);

  /// What comes from outside stays behind `time`, too.
  void keep_outside_behind(double time);

  /// tell() says once for each domain that it stands at `time` now, unless it does already.
  void gateway_waits_for(double time);

private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> version{0}; // odd: do not count on what follows
    std::atomic<double> next{Instant::beginning().absorption};
    std::atomic<double> elsewhere{Instant::never().absorption};
    std::atomic<double> gateway_waits_for{Instant::never().absorption}; // `next`
    PerGroup<std::atomic<std::uint64_t>> taken;                         // from each of the others
  };

  enum class Scope { here, everywhere };
  [[nodiscard]] bool collect(Scope scope, std::vector<std::uint64_t>& versions,
                             double& least) const;
  template <class Between>
  [[nodiscard]] double collect_twice(Scope scope, Between&& between) const;

  const std::size_t domains_;
  PerGroup<std::unique_ptr<Slot>> slots_;
  std::atomic<double> least_{Instant::beginning().absorption}; // that was ever found
};

} // namespace stos::detail

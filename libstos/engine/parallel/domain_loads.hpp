#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/engine/parallel/load_balance.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stos::detail {

/// What each domain of one node has had to do so far, as the domain tells it.
///
/// Threads: tell() by the thread that runs the domain; all else by any. What is read of a domain is
///          roughly of one moment: it is for deciding where agents had best be, and for people.
class DomainLoads {
public:
  explicit DomainLoads(std::size_t domains) : slots_(domains) {}

  void tell(DomainIndex domain, const DomainLoad& load) {
    Slot& own = slots_[domain];
    own.events.store(load.events, std::memory_order_relaxed);
    own.busy_s.store(load.busy_s, std::memory_order_relaxed);
    own.vain.store(load.vain, std::memory_order_relaxed);
    own.remote.store(load.remote, std::memory_order_relaxed);
  }

  [[nodiscard]] DomainLoad of(DomainIndex domain) const {
    const Slot& slot = slots_[domain];
    return {slot.events.load(std::memory_order_relaxed),
            slot.busy_s.load(std::memory_order_relaxed), slot.vain.load(std::memory_order_relaxed),
            slot.remote.load(std::memory_order_relaxed)};
  }

  /// How many events all domains together have executed.
  [[nodiscard]] std::uint64_t events() const {
    std::uint64_t sum = 0;
    for (const Slot& slot : slots_)
      sum += slot.events.load(std::memory_order_relaxed);
    return sum;
  }

private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> events{0};
    std::atomic<double> busy_s{0};
    std::atomic<std::uint64_t> vain{0};
    std::atomic<std::uint64_t> remote{0};
  };
  PerDomain<Slot> slots_;
};

} // namespace stos::detail

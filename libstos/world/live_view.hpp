#pragma once

#include "libstos/base/duration_histogram.hpp"
#include "libstos/base/wall_clock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace stos::detail {

struct AgentOps;

/// How far an engine, or one of its domains, has got: what it counts anyway.
struct LiveCounters {
  std::uint64_t agents_born = 0;
  std::uint64_t agents_died = 0;
  std::uint64_t events = 0;
  std::uint64_t sent_local = 0;  ///< lambdas for agents on the same node
  std::uint64_t sent_remote = 0; ///< and for those on other nodes
  std::uint64_t dropped = 0;
  std::uint64_t activations = 0;
  std::uint64_t empty_activations = 0;
  std::uint64_t agents_blocked = 0;  ///< see Census
  std::uint64_t lambdas_waiting = 0; ///< in mailboxes; see Census
  std::uint64_t mailbox_longest = 0; ///< see Census
  double last_event_time = 0;
  DurationHistogram event_durations;
  DurationHistogram activation_durations;

  /// Sums of what is counted; the latest event and the longest mailbox of the two.
  void add(const LiveCounters& other);
};

/// Measures one of many durations.
///
/// Cost: a decrement where nothing is measured.
class DurationSampler {
public:
  explicit DurationSampler(WallClock clock) : clock_(clock), left_(clock == nullptr ? never : 1) {}

  /// Whether this one is measured: then ended() has to follow.
  [[nodiscard]] bool begins() {
    if (--left_ != 0) [[likely]]
      return false;
    left_ = stride;
    began_s_ = clock_();
    return true;
  }
  void ended() { durations_.add(clock_() - began_s_); }

  [[nodiscard]] const DurationHistogram& durations() const { return durations_; }

private:
  static constexpr std::uint64_t stride = 1021; // a prime, out of step with most models
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  WallClock clock_;
  std::uint64_t left_;
  double began_s_ = 0;
  DurationHistogram durations_;
};

/// What is not counted as it happens, found by looking through the agents, now and then.
///
/// That takes long where there are many. So after a look there is none for a hundred times as long
/// as it took, however often a watcher asks; what was seen then stays.
class Census {
public:
  explicit Census(WallClock clock) : clock_(clock) {}

  std::uint64_t agents_blocked = 0;  ///< have a lambda and may not absorb it yet
  std::uint64_t lambdas_waiting = 0; ///< in all mailboxes
  std::uint64_t mailbox_longest = 0; ///< lambdas in one mailbox

  /// Calls look(*this), all counts being 0, unless it is too early.
  template <class Look>
  void take(Look&& look) {
    const double now_s = clock_();
    if (now_s < next_s_)
      return;
    agents_blocked = lambdas_waiting = mailbox_longest = 0;
    look(*this);
    constexpr double times_longer = 100;
    const double end_s = clock_();
    next_s_ = end_s + times_longer * (end_s - now_s);
  }

  void count_mailbox(std::uint64_t lambdas) {
    lambdas_waiting += lambdas;
    mailbox_longest = mailbox_longest < lambdas ? lambdas : mailbox_longest;
  }

private:
  WallClock clock_;
  double next_s_ = 0;
};

/// Lets other threads see how far an engine, or one of its domains, has got.
///
/// A watcher asks, and reads a little later: the engine answers between two events. One
/// that falls asleep shows where it stands before that, and answers when it wakes.
///
/// Threads: ask(), read() and for_each_type() may be called from any thread, all else from the one
///          that executes the agents.
/// Source:  the counters are a sequence lock, as in Boehm, "Can seqlocks get along with programming
///          language memory models?" (2012), without fences.
class LiveView {
public:
  LiveView() = default;
  ~LiveView();
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  void ask() { wanted_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool is_wanted() const { return wanted_.load(std::memory_order_relaxed); }

  /// The answer.
  void show(const LiveCounters& counters);

  /// What was shown last; all 0 before that. Returns false if that is being written right now.
  [[nodiscard]] bool read(LiveCounters& counters) const;

  /// `change` more agents of that class live here, at once and for all to see. Of domains that
  /// agents move between only the sum means something, modulo 2^64.
  void count_agents(const AgentOps& ops, std::int64_t change);

  /// Calls visit(name of the class, agents) for each class that was ever counted.
  template <class Visit>
  void for_each_type(Visit&& visit) const {
    for (const Type* type = types_.load(std::memory_order_acquire); type != nullptr;
         type = type->next)
      visit(name_of(*type), type->agents.load(std::memory_order_relaxed));
  }

private:
  struct Type {
    Type(const AgentOps& of, Type* after) : ops(&of), next(after) {}

    const AgentOps* ops;
    Type* next;
    std::atomic<std::uint64_t> agents{0};
  };
  static_assert(std::is_trivially_copyable_v<LiveCounters>);
  static constexpr std::size_t words = sizeof(LiveCounters) / sizeof(std::uint64_t);
  static_assert(words * sizeof(std::uint64_t) == sizeof(LiveCounters));
  using Words = std::array<std::uint64_t, words>;

  static const char* name_of(const Type& type);
  [[nodiscard]] Type& type_of(const AgentOps& ops);

  alignas(64) std::atomic<bool> wanted_{false};       // read after each event: has its own line
  alignas(64) std::atomic<std::uint64_t> version_{0}; // odd: in the middle of show()
  std::array<std::atomic<std::uint64_t>, words> shown_{};
  std::atomic<Type*> types_{nullptr}; // a list that only grows
  Type* recent_ = nullptr;
};

} // namespace stos::detail

#pragma once

#include "libstos/base/prefetch.hpp"
#include "libstos/causal/horizons.hpp"
#include "libstos/causal/lambda.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace stos {

/// What an agent does next.
struct NextStep {
  enum class Kind : std::uint8_t {
    deliver, ///< the front lambda is due: nothing can come before it any more
    blocked, ///< it has to wait until group `blocked_on` promises more
    idle,    ///< nothing is queued
  };
  Kind kind = Kind::idle;
  Group blocked_on = {};
};

/// Hands one agent its lambdas in the order in which its trajectory crosses their light cones.
///
/// A lambda emitted at point p is due at the agent's first point on or inside p's future cone. The
/// earliest one is released only when no open channel can still bring an earlier one; until then
/// the mailbox names the group of sources that holds it back, so that the caller can sleep instead
/// of polling.
///
/// Order:   EventKey, a total order in which arrival plays no part.
/// Units:   laboratory time in seconds, distance in light-seconds (c = 1).
/// Threads: none inside. One owner calls it; it takes no lock.
/// Owns:    neither lambdas nor channels: it borrows lambdas between push and pop, channels from
///          attach until detach (or a later one) hands them out.
/// Limits:  the owner compares size() with its limit before it pushes.
/// Cost:    push and pop O(log size()), next O(groups with channels into this agent); O(channels)
///          for groups with moving sources or a moving receiver once their horizon is reached,
///          which for many such channels tells at once how far the next ones go, too; detach O(1)
///          amortised: while it waits for a purge, a detached channel counts on. Turns O(channels),
///          those of a source O(1) where the sums are put off.
/// Memory:  72 bytes, and 16 for each lambda but the first, in a block of the memory that the owner
///          hands in: always the same one, or one that takes back what the others have given.
/// Source:  SpaceTimeOS, section "Implementation"; conservative synchronisation after Chandy and
///          Misra, "Distributed simulation" (1979).
class CausalMailbox {
public:
  using Memory = std::pmr::memory_resource;

  CausalMailbox() = default;
  ~CausalMailbox(); ///< @pre free_memory() was called last
  CausalMailbox(const CausalMailbox&) = delete;
  CausalMailbox& operator=(const CausalMailbox&) = delete;

  /// To be called before the end. @pre empty(), or what is queued is known elsewhere
  void free_memory(Memory& memory);

  /// The group that most channels will belong to, for speed. @pre no channel is attached, or
  /// recount() follows
  void set_home_group(Group group) { home_.group = group; }

  /// When the channels of a group are summed up anew after a change: at once, or, for agents whose
  /// sums are seldom needed, by sum_up(), which must come before anything that asks for lookahead.
  enum class Sums : std::uint8_t { now, later };

  /// Opens `channel`: from now on its source can hold the agent back.
  void attach(IncomingChannel& channel, const Trajectory& path, const Space& space);

  /// Nothing more comes on `channel`; what is queued stays. Returns channels that the mailbox has
  /// no use for any more, a list by next_incoming: `channel` now or at a later detach.
  [[nodiscard]] IncomingChannel* detach(IncomingChannel& channel, const Trajectory& path,
                                        const Space& space, Sums sums = Sums::now);

  /// The agent has ended: hands out all channels, detached or not, and knows none any more.
  [[nodiscard]] IncomingChannel* take_channels();

  /// Opens `channel` without counting it: recount() must follow.
  void link(IncomingChannel& channel) {
    channel.next_incoming = std::exchange(channels_, &channel);
  }

  /// Sums up all channels anew, after groups, ends or sources of some have changed.
  void recount(const Trajectory& path, const Space& space);

  /// The same if that was put off.
  void sum_up(const Trajectory& path, const Space& space) {
    if (home_.put_off != 0)
      recount(path, space);
  }

  /// Calls visit(lambda, absorption) for everything that is queued, in no particular order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (!empty())
      visit(*front_.lambda, front_.absorption);
    for (std::uint32_t i = 0; i < rest_size_; ++i)
      visit(*rest_[i].lambda, rest_[i].absorption);
  }

  /// Keeps `channel` in its list, and nothing else, for an agent that has ended.
  void keep(IncomingChannel& channel) {
    channel.detached = true;
    channel.next_incoming = std::exchange(channels_, &channel);
  }

  /// The source of `channel` has changed its worldline (`channel.source_path` shows the new one).
  void source_turned(IncomingChannel& channel, const Trajectory& path, const Space& space,
                     Sums sums = Sums::now);

  /// The agent itself has changed its worldline: all that is queued is due at other times now.
  void turned(const Trajectory& path, const Space& space, Memory& memory, Sums sums = Sums::now);

  /// Queues `lambda`, in order of emission for each channel.
  void push(Lambda& lambda, const Trajectory& path, const Space& space, Memory& memory) {
    push_placed(lambda, place_arrival(path, lambda, space), memory);
  }

  /// Queues `lambda` where place_arrival() has put it.
  void push_placed(Lambda& lambda, double absorption, Memory& memory);

  /// The same without putting it in order: settle() must come before anything but size().
  void put_aside(Lambda& lambda, double absorption, Memory& memory) {
    if (empty())
      front_ = {absorption, &lambda};
    else
      append({absorption, &lambda}, memory);
  }
  void settle() {
    if (ordered_ != rest_size_)
      order_rest();
  }

  [[nodiscard]] bool empty() const { return front_.lambda == nullptr; }
  [[nodiscard]] std::size_t size() const { return empty() ? 0 : std::size_t{1} + rest_size_; }

  /// Sets `carried` on the channels of all lambdas that are queued.
  void mark_carried() const;

  /// The key of the earliest lambda that is queued. @pre !empty()
  [[nodiscard]] EventKey front_key() const { return front_.key(); }
  [[nodiscard]] double front_time() const { return front_.absorption; }
  [[nodiscard]] Instant front_instant() const { return front_.key().instant; }

  /// Asks the processor to fetch what will be needed soon.
  void prefetch() const {
    front_.prefetch();
    constexpr std::uint32_t entries_of_a_line = 4;
    constexpr std::uint32_t most = 16;
    stos::prefetch(rest_, (std::min(rest_size_, most) + entries_of_a_line - 1) / entries_of_a_line);
  }

  /// Says what the agent on `path` can do, given what is known about all others.
  [[nodiscard]] NextStep next(const Trajectory& path, const Space& space,
                              const Horizons& horizons) const;

  /// Whether nothing can come any more that would be due before `due`.
  [[nodiscard]] bool silent_before(double due, const Trajectory& path, const Space& space,
                                   const Horizons& horizons) const;

  /// Takes the front lambda out. @pre !empty(), and next() said deliver
  [[nodiscard]] Lambda& pop();

  /// Takes any one lambda out; null when none is left.
  [[nodiscard]] Lambda* take_any() { return empty() ? nullptr : &pop(); }

  /// The first of its channels, detached ones among them; the others follow by next_incoming.
  [[nodiscard]] IncomingChannel* first_channel() const { return channels_; }

  /// How long after the horizon of `group` anything of it can arrive at the earliest; infinite if
  /// it has no channel into this agent.
  [[nodiscard]] double lookahead(Group group) const;
  [[nodiscard]] double home_lookahead() const { return home_.distance; }

  /// Whether channels of other groups than the home group are attached.
  [[nodiscard]] bool hears_other_groups() const {
    return more_ != nullptr && !more_->groups.empty();
  }

  /// The same for one channel: the source's reaction time or, between two who rest, light's travel
  /// time, whichever is longer.
  [[nodiscard]] static double lookahead_of(const IncomingChannel& channel, const Trajectory& path,
                                           const Space& space);

  /// Whether the distance along `channel` changes, or is not known.
  [[nodiscard]] static bool is_moving(const IncomingChannel& channel, const Trajectory& path);

private:
  struct Entry {
    double absorption = 0;
    Lambda* lambda = nullptr;

    [[nodiscard]] EventKey key() const { return lambda->key(absorption); }
    void prefetch() const { stos::prefetch(lambda, 2); }
  };

  /// The order of the heap: the standard library keeps the greatest in front.
  struct IsLater {
    bool operator()(const Entry& a, const Entry& b) const {
      if (a.absorption != b.absorption) [[likely]]
        return a.absorption > b.absorption;
      return a.key() > b.key();
    }
  };

  /// The channels of one group, summed up.
  struct Lookahead {
    double distance = std::numeric_limits<double>::infinity(); ///< the least of its channels
    std::uint32_t moving = 0;
    Group group;
    std::uint16_t detachments_left : 15 = 0; ///< of the home group: before the list is gone through
    std::uint16_t put_off : 1 = 0;           ///< of the home group: sums are to be made anew

    [[nodiscard]] bool empty() const {
      return moving == 0 && distance == std::numeric_limits<double>::infinity();
    }
  };

  /// What was found when all channels of a group were gone through at a horizon: nothing that they
  /// still bring is due before `until`. That stays true at later horizons; an earlier one there may
  /// be where the agent itself has caused something meanwhile.
  struct Clearance {
    Group group = {};
    double horizon = Instant::beginning().absorption;
    double until = Instant::beginning().absorption;
  };

  /// What few mailboxes need.
  struct More {
    std::vector<Lookahead> groups; ///< beside the home group
    std::vector<Clearance> clearances;
  };

  void append(const Entry& entry, Memory& memory) {
    if (rest_size_ == rest_capacity_) [[unlikely]]
      grow(memory);
    rest_[rest_size_++] = entry;
  }
  void grow(Memory& memory);
  void insert(Entry entry);
  void order_rest();
  void take_front_from_rest();
  Lookahead& group_of(Group group);
  void count(IncomingChannel& channel, const Trajectory& path, const Space& space);
  [[nodiscard]] static double measure(IncomingChannel& channel, const Trajectory& path,
                                      const Space& space);
  void sum_up_again(const Trajectory& path, const Space& space, Sums sums);
  IncomingChannel* unlink_detached();
  bool cleared(const Lookahead& group, double horizon, double due, const Trajectory& path,
               const Space& space) const;
  double bound_of(const IncomingChannel& channel, double horizon, const Trajectory& path,
                  const Space& space) const;
  Clearance& clearance_of(Group group) const;
  More& require_more() const {
    if (more_ == nullptr)
      more_ = std::make_unique<More>();
    return *more_;
  }

  // Most agents have little in their mailbox, and channels from one group: what is needed to
  // execute the next event comes first.
  Entry front_;           // the earliest one; null if the mailbox is empty
  Entry* rest_ = nullptr; // all others: a binary heap, and behind it what was put aside
  std::uint32_t ordered_ = 0;
  std::uint32_t rest_size_ = 0;
  std::uint32_t rest_capacity_ = 0;
  Lookahead home_;
  IncomingChannel* channels_ = nullptr;
  mutable std::unique_ptr<More> more_; // clearances are found by questions
};

} // namespace stos

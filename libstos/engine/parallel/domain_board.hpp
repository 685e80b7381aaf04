#pragma once

#include "libstos/causal/event_key.hpp"
#include "libstos/engine/parallel/domain_loads.hpp"
#include "libstos/engine/parallel/domain_standings.hpp"
#include "libstos/engine/parallel/inbox.hpp"
#include "libstos/engine/parallel/outside_task.hpp"
#include "libstos/engine/parallel/runners.hpp"
#include "libstos/world/live_view.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace stos::detail {

struct Batch;

/// What the domains of one node show each other: clocks, inboxes, who sleeps (Runners), where they
/// stand (DomainStandings), and what they have had to do (DomainLoads).
///
/// Other nodes take part as *links*, one for each: to the domains a link is one more domain, whose
/// clock is the promise of all agents over there. A *gateway* stands behind all links, takes what
/// is for them out of their inboxes, and hands in what comes from them. It runs when it is woken,
/// as the domains do.
///
/// A domain's clock is a promise: none of its agents executes an event before that laboratory time.
/// It publishes lambdas first and the clock after them; a reader takes the clock first and empties
/// its inbox after that, so that everything emitted before the clock has arrived.
///
/// A domain that can do nothing parks. The thread that changes what it waits for wakes it: its
/// inbox is no longer empty, or a clock is beyond the one it needs. When the last domain parks,
/// nothing is under way any more, so the least instant over all domains is the next event of the
/// whole world: it becomes the floor, which lets at least one domain go on (and lets the clocks of
/// all that are idle jump forward, however many agents they have). With links the gateway is woken
/// instead, which has to ask the other nodes.
///
/// While the board is *paused*, domains take in and hand out what is under way and execute nothing,
/// so that all of them park. See Stops for what may be done then.
///
/// Threads: all functions may be called from any thread; a domain's own calls come from the thread
///          that runs it.
/// Source:  the floor is the global virtual time of Jefferson, "Virtual Time" (1985), taken only
///          when all domains sleep.
class DomainBoard {
public:
  /// How long a domain that can do nothing looks for news before it sleeps: so many times, while
  /// no more domains than workers are awake (else it would keep another one from running).
  struct Patience {
    std::uint32_t looks = 0;
    std::uint32_t workers = 0; ///< 0: as many as domains
    WallClock clock = nullptr; ///< tells how long domains are busy; null: it is not measured
  };

  /// `schedule(i)` must arrange for a domain to be run soon, or the gateway, on any thread.
  DomainBoard(std::size_t domains, std::size_t links, Runners::Schedule schedule,
              Patience patience);
  ~DomainBoard();

  /// Domains and links: the groups of Horizons.
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] Indices<Group> all() const { return slots_.indices(); }
  [[nodiscard]] Indices<DomainIndex> domains() const { return Indices<DomainIndex>(domains_); }
  [[nodiscard]] Indices<Group> links() const { return {Group(domains_), size()}; }
  [[nodiscard]] bool is_link(Group group) const { return group.number() >= domains_; }
  [[nodiscard]] bool has_links() const { return size() > domains_; }
  [[nodiscard]] std::uint32_t workers() const {
    return patience_.workers == 0 ? static_cast<std::uint32_t>(domains_) : patience_.workers;
  }

  /// All domains, and the gateway, begin awake and scheduled.
  void start() { runners_.start(); }

  [[nodiscard]] DomainLoads& loads() { return loads_; }
  [[nodiscard]] const DomainLoads& loads() const { return loads_; }

  /// Without what has to wake a runner, which is below.
  [[nodiscard]] DomainStandings& standings() { return standings_; }

  [[nodiscard]] double clock(Group group) const {
    return slots_[group]->clock.load(std::memory_order_acquire);
  }
  void publish(Group group, double clock);

  [[nodiscard]] bool is_patient(std::uint32_t looks) const {
    return looks < patience_.looks && has_idle_worker() && !gateway_waits();
  }

  /// Whether no domain that is awake has to wait for a worker.
  [[nodiscard]] bool has_idle_worker() const {
    return patience_.workers == 0 || runners_.roughly_active() <= std::int64_t{patience_.workers};
  }

  /// Why no domain executes anything; the two reasons know nothing of each other.
  enum class Pause : std::uint8_t {
    stop = 1,
    congestion = 2, ///< another node takes what it is sent more slowly than it is made here
  };
  void pause(Pause why) { paused_.fetch_or(static_cast<std::uint8_t>(why)); }
  /// Has no effect if there is no such pause. Whether domains may go on now, and have to look anew.
  bool end_pause(Pause why) {
    const auto bit = static_cast<std::uint8_t>(why);
    return paused_.fetch_and(static_cast<std::uint8_t>(~bit)) == bit;
  }
  [[nodiscard]] bool is_paused() const { return paused_.load() != 0; }
  [[nodiscard]] bool is_paused(Pause why) const {
    return (paused_.load() & static_cast<std::uint8_t>(why)) != 0;
  }

  /// Once all stand still since there is a stop, or since nothing is left to do, `act` is called
  /// with the next event of all, on the thread of the last domain that parked: it says whether all
  /// domains have to look anew; else that event becomes the floor, or the run is finished. Nothing
  /// else touches domains and agents meanwhile. To be set before start(). @pre !has_links()
  void when_all_stand_still(std::function<bool(const Instant& next)> act) {
    all_stand_still_ = std::move(act);
  }

  /// All domains look anew.
  void wake_all();

  /// Clocks go back to `least` for all domains. @pre a stop, of all nodes together
  void begin_anew(double least);

  /// Whether a domain looks for news, or sleeps: then it is worth while to publish often.
  [[nodiscard]] bool some_domain_waits() const {
    return waiting_.load(std::memory_order_relaxed) != 0;
  }
  void begin_to_wait() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  void end_to_wait() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

  /// Says where a domain or link stands, see DomainStandings::tell().
  void announce(Group group, double next, const PerGroup<std::uint64_t>& taken,
                double elsewhere = Instant::never().absorption) {
    if (standings_.tell(group, next, taken, elsewhere))
      wake_gateway();
  }

  /// A lower bound on the time of all that is still to come, anywhere, while domains run on; of no
  /// use (beginning of time) if none could be seen just now. A domain that sleeps and has an event
  /// at that time is woken, since it cannot know.
  [[nodiscard]] double least_time();

  // For the gateway.

  /// From now on, until the links announce themselves again, no least_time() counts on what was
  /// known of other nodes. Returns the highest that any has come to.
  [[nodiscard]] double withdraw_links();

  /// All nodes together have found that nothing happens before `time`, anywhere.
  void lift(double time);
  [[nodiscard]] double lifted() const { return lifted_.load(std::memory_order_acquire); }

  /// Whether the gateway has been woken and waits for a worker: a domain that has one had better
  /// let it go first, since other nodes may be waiting.
  [[nodiscard]] bool gateway_waits() const {
    return gateway_waits_.load(std::memory_order_relaxed);
  }
  void gateway_runs() { gateway_waits_.store(false, std::memory_order_relaxed); }

  [[nodiscard]] RunnerIndex gateway() const { return RunnerIndex(domains_); }

  /// A frame has arrived, or it is time.
  void wake_gateway() { runners_.wake(gateway()); }

  /// Whether something from outside is under way to the domains: then no other node may count on
  /// what is to come here.
  [[nodiscard]] bool has_tasks() const { return tasks_.load() != 0; }

  /// Whether something from outside waits for the gateway to hand it in.
  [[nodiscard]] bool has_tasks_for_gateway() const { return !gateways_slot().tasks.empty(); }

  /// Whether all domains sleep. They go on sleeping until the gateway, the caller, wakes one.
  [[nodiscard]] bool all_asleep() const { return runners_.active() == 1; }

  /// The same while other threads may be awake, which bring something from outside to the gateway.
  [[nodiscard]] bool no_domain_awake() const;

  /// Whether some domain sleeps.
  [[nodiscard]] bool some_domain_sleeps() const;

  /// The earliest event of all domains. @pre all_asleep()
  [[nodiscard]] Instant next_of_all() const;

  /// The least clock of `link` that helps a domain that sleeps; infinite if none waits for it.
  [[nodiscard]] double wanted_from(Group link) const;

  /// Puts the gateway to sleep until a link's inbox is filled, a domain's clock is beyond
  /// `wanted`, all domains have announced at least `standing`, something comes from outside, or all
  /// domains sleep (but not for that if it `knows` already).
  bool park_gateway(double wanted, double standing, bool knows);

  /// The floor is `next`, or nothing is left at all: never(). @pre all_asleep(), and the floor is
  /// before `next`
  void settle(const Instant& next);

  /// The tasks from outside, for all domains, oldest first; the gateway passes each to hand_in().
  [[nodiscard]] std::unique_ptr<OutsideTask> take_tasks_of_all() {
    return gateways_slot().tasks.take_all();
  }
  void hand_in(std::unique_ptr<OutsideTask> task);

  /// Refuses what waits for the gateway. @pre finished()
  void refuse_tasks();

  /// What any thread can know of the laboratory time before which nothing happens any more,
  /// anywhere; infinite at the end.
  [[nodiscard]] double lower_bound() const;

  /// How often a domain that slept was woken.
  [[nodiscard]] std::uint64_t wakeups() const { return runners_.wakeups(); }

  [[nodiscard]] WallClock clock_of_loads() const { return patience_.clock; }

  /// A lower bound on the instant of every event that is still to come, anywhere.
  [[nodiscard]] Instant floor() const { return floor_; }

  /// No event is left before the boundary, anywhere.
  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }

  void push(Group to, std::unique_ptr<Batch> batch);
  /// For a link, if it is early enough that the batch goes ahead of what is told of this node next.
  void push_quietly(Group link, std::unique_ptr<Batch> batch);
  [[nodiscard]] std::unique_ptr<Batch> take_batches(Group group); ///< oldest first
  [[nodiscard]] bool has_batches(Group group) const { return !slots_[group]->inbox.empty(); }

  /// Hands in something from outside of the simulation. Returns false, and keeps nothing, once the
  /// run is finished.
  bool post(DomainIndex domain, std::unique_ptr<OutsideTask>& task);
  [[nodiscard]] std::unique_ptr<OutsideTask> take_tasks(DomainIndex domain);
  void task_done() { tasks_.fetch_sub(1); }

  /// What a domain that parks needs before it can go on.
  struct Needs {
    Instant next;           ///< its next event; never() if it has none before the boundary
    PerGroup<double> clock; ///< it can go on once each clock is beyond these

    /// For domains that do not hold it back: no clock is beyond this.
    static constexpr double no_matter() { return std::numeric_limits<double>::quiet_NaN(); }
  };

  /// Tries to put `domain` to sleep. Returns false if there is news: run it again. After true the
  /// caller must not touch the domain any more: it may be running elsewhere.
  bool park(DomainIndex domain, const Needs& needs);

private:
  struct alignas(64) Slot {
    std::atomic<double> clock{Instant::beginning().absorption};
    Inbox<Batch> inbox;
    Inbox<OutsideTask> tasks;
    alignas(64) Instant next = Instant::never();
    PerGroup<std::atomic<double>> needed;
  };

  // Behind all links is the gateway. What is its own stands in the slot of the first one.
  [[nodiscard]] static Group slot_of(RunnerIndex runner) { return Group(runner.number()); }
  [[nodiscard]] Slot& gateways_slot() { return *slots_[slot_of(gateway())]; }
  [[nodiscard]] const Slot& gateways_slot() const { return *slots_[slot_of(gateway())]; }
  void wake(Group group) { runners_.wake(is_link(group) ? gateway() : group.domain()); }
  bool fall_asleep(RunnerIndex runner);
  bool post_to_gateway(std::unique_ptr<OutsideTask>& task);
  void resolve();
  void look_anew();
  [[nodiscard]] bool satisfied(const Slot& slot, double least_clock) const;

  const std::size_t domains_;
  PerGroup<std::unique_ptr<Slot>> slots_;
  Runners runners_;
  DomainStandings standings_;
  DomainLoads loads_;
  const Patience patience_;
  std::atomic<double> woken_for_{Instant::beginning().absorption};
  std::atomic<double> lifted_{Instant::beginning().absorption};
  alignas(64) std::atomic<std::int64_t> waiting_{0};
  std::atomic<std::int64_t> tasks_{0};
  std::atomic<bool> finished_{false};
  std::atomic<bool> gateway_waits_{false};
  std::atomic<std::uint8_t> paused_{0};
  std::function<bool(const Instant&)> all_stand_still_;
  Instant floor_ = Instant::beginning(); // written only while all sleep
};

} // namespace stos::detail

#pragma once

#include "libstos/code/block_pool.hpp"
#include "libstos/options/run_options.hpp"
#include "libstos/spacetime/space.hpp"
#include "libstos/world/agent_directory.hpp"
#include "libstos/world/constants.hpp"
#include "libstos/world/event_context.hpp"
#include "libstos/world/live_view.hpp"
#include "libstos/world/observers.hpp"
#include "libstos/world/resumption.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/streamed.hpp"
#include "libstos/world/trace.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

namespace stos {

namespace detail {

struct Closure;
struct Present;

/// An event that was just executed: what the agent has become, and what it has done.
struct EventSeen {
  const EventKey& key;
  Cell& cell;
  const Closure& absorbed;
  const Effects& effects;
  std::span<const Report> reports; ///< that it has made
};

/// A lambda for an agent of a world that goes on: of this id or, if there is one, of this name.
struct Injected {
  AgentId agent;
  std::string name;
  Closure* lambda;
};

} // namespace detail

/// What a run that stops on its way shows of its world, on this node, see World::at_stop:
/// everything before `time` has happened, nothing at or after it, and nothing is under way,
/// anywhere.
struct WorldAtStop {
  double time = 0;
  std::vector<detail::Cell*> agents; ///< who live here, in no order
  std::vector<detail::Cell*> ended;  ///< who do not any more, and to whom something may lead
  RunCounters counters;              ///< of this run, up to then
  std::vector<std::span<const Report>> reports; ///< likewise, in no order

  // What goes to files meanwhile and was not taken yet, for at_stop() to take.
  std::vector<std::vector<TraceRecord>*> trace;
  std::vector<std::vector<Report>*> records;
};

/// One simulation's model, from its set-up to its end: the space, the initial agents, the boundary.
///
/// Threads: set-up happens on one thread; during a run everything here is read only, except for
/// `end_time`, which a failure lowers.
class World {
public:
  World(RunOptions run_options, const std::type_info& simulation_type, void* simulation_object);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] bool in_setup() const { return phase_ == Phase::setup; }
  void begin_run();

  /// Deletes all agents that the set-up has made, if it was not run. What they do meanwhile, in
  /// their destructors, has no effect. Then the world can go on from elsewhere.
  void drop_set_up();

  RunOptions options;
  Space space;
  detail::Constants constants;

  /// No event happens at this laboratory time or later.
  std::atomic<double> end_time{Instant::never().absorption};

  /// What that was when the run began: of failures and signals, nodes do not know at one time.
  [[nodiscard]] double first_end_time() const {
    return in_setup() ? end_time.load() : first_end_time_;
  }

  /// Right before this laboratory time the run stops, if that is not beyond its end; at_stop()
  /// looks at the world, changes nothing, and says when the next such stop is. That the run has
  /// stopped cannot be seen in its outcome. To be set before the run. at_stop() is called by one
  /// thread at a time, and must not throw.
  std::atomic<double> next_stop{Instant::never().absorption};
  std::function<double(const WorldAtStop&)> at_stop;

  /// Asks for a stop as soon as may be: the engine, or all nodes together, lower next_stop to a
  /// time that no event has reached. Threads: any, and a signal's handler.
  std::atomic<bool> wants_stop{false};

  /// Asks for the end of the run, as if end_time were the beginning of time. A node must not lower
  /// that by itself: while nodes agree on what comes next, all have to mean the same end. Its
  /// gateway does, between two agreements. Threads: any, and a signal's handler.
  std::atomic<bool> wants_end{false};

  /// Who looks at the world while it runs, and when that is next: the run stops there, too, at its
  /// very end as well.
  detail::Observers observers;
  std::atomic<double> next_look{Instant::never().absorption};

  /// Where the run stops next.
  [[nodiscard]] double stop_time() const {
    return std::min(next_stop.load(std::memory_order_relaxed),
                    next_look.load(std::memory_order_relaxed));
  }
  /// Nothing at this laboratory time or later happens for now.
  [[nodiscard]] double horizon() const {
    return std::min(end_time.load(std::memory_order_relaxed), stop_time());
  }
  void stop_before(double time) { next_stop.store(std::min(next_stop.load(), time)); }
  [[nodiscard]] bool stops() const {
    return next_stop.load() < end_time.load() ||
           (next_look.load() <= end_time.load() && next_look.load() < Instant::never().absorption);
  }

  /// The engine has stopped at stop_time(): those look whose time it is, and at_stop() does; says
  /// when the run stops next. True: the run goes on only once all nodes have told what their
  /// observers have seen (Observers::seen()), and decide() has heard it.
  [[nodiscard]] bool show(const WorldAtStop& here);

  /// What all nodes have seen: the run ends here, or goes on. Fails if it makes no sense.
  [[nodiscard]] Result<void> decide(std::span<const std::vector<std::byte>> seen_by_all);
  void decide_alone(); ///< on the only node that there is

  /// A run that goes on from elsewhere begins with it; else null, once it has begun, too. What was
  /// counted and recorded before, in order; the reports are those of the set-up.
  std::unique_ptr<detail::Resumption> resumption;
  RunCounters counters_before;
  detail::Streamed streamed_before;
  std::string began_from; ///< for people

  /// What was cut of it so far.
  std::vector<CutRecord> cuts;

  /// Where the run is to stand still for good, instead of running to its end; before it, like
  /// next_stop. What the world is there becomes its `present`.
  double stands_at = Instant::never().absorption;

  /// What the run goes on from instead of a set-up, if not null.
  std::shared_ptr<const detail::Present> present;

  /// What agents absorb first in a run that goes on as another one, in this order. The world owns
  /// the lambdas.
  std::vector<detail::Injected> injected;

  /// A world that is to go on with other options from where this one stands: space, constants and
  /// `present` are the same.
  [[nodiscard]] std::unique_ptr<World> fork(RunOptions other_options, void* object) const;

  /// The same world, which was interrupted in its run, to go on from what was `present` before.
  [[nodiscard]] std::unique_ptr<World>
  begin_again(std::shared_ptr<const detail::Present> present) const;

  /// When an agent ends with the run whose latest event was at `latest`: at the boundary, or right
  /// then if there is none.
  [[nodiscard]] double last_time(double latest) const {
    const double end = end_time.load();
    return end < Instant::never().absorption ? end : latest;
  }

  /// The run ends at `time` at the latest, since it has failed. Threads: any.
  void end_before(double time) {
    double seen = end_time.load(std::memory_order_relaxed);
    while (time < seen && !end_time.compare_exchange_weak(seen, time, std::memory_order_relaxed))
      ;
  }

  /// Where the agent on a worldline leaves through a boundary that depends on that; empty for the
  /// laboratory-time boundary.
  std::function<double(const Trajectory&)> own_boundary;

  /// Called for each agent that reaches a boundary, right before it is deleted; may be empty.
  std::function<void(AgentBase&, const Point&)> at_boundary;

  /// Called after each event, by the thread that has executed it; it must change nothing. May
  /// be empty; to be set before the run.
  std::function<void(const detail::EventSeen&)> after_event;

  /// For measuring how long things take; null if the run is not watched. Set before it begins.
  detail::WallClock wall_clock = nullptr;

  /// Groups below it are domains of this node: all groups, unless there are other nodes.
  std::size_t domains_here = std::numeric_limits<std::size_t>::max();
  [[nodiscard]] bool is_here(Group group) const { return group.number() < domains_here; }

  /// All agents that are here, where they have to be found by their ids; else null.
  std::unique_ptr<detail::AgentDirectory> directory;

  const std::type_info& simulation_type; ///< tells simulations of different types apart
  void* const simulation_object;         ///< the ForwardSimulation that owns this world

private:
  struct ReleaseDepot {
    void operator()(BlockDepot* depot) const { depot->release(); }
  };
  std::unique_ptr<BlockDepot, ReleaseDepot> depot_; // before all that lives in its memory
  BlockPool pool_;                                  // of the set-up

public:
  detail::EventContext setup; ///< collects the initial world as effects

  [[nodiscard]] BlockDepot& depot() { return *depot_; }
  std::uint64_t initial_agents = 0;

private:
  enum class Phase { setup, run };
  Phase phase_ = Phase::setup;
  double first_end_time_ = 0;
};

static_assert(std::atomic<bool>::is_always_lock_free);

namespace detail {

/// Deletes the agent of `cell`, if it still has one, in the context of its own death.
void delete_agent(Cell& cell);

} // namespace detail
} // namespace stos

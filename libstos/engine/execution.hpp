#pragma once

#include "libstos/world/live_view.hpp"
#include "libstos/world/run_summary.hpp"
#include "libstos/world/trace.hpp"
#include "libstos/world/world.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace stos::detail {

/// Why a simulation failed: the model's own exception or a misuse, with its place in spacetime.
struct Failure {
  EventKey key;
  Error error;
};

/// Is told when agents come and go, by the thread that executes them. May be absent.
class AgentBindings {
public:
  virtual ~AgentBindings() = default;
  virtual void started(Cell& cell) = 0;
  virtual void ended(Cell& cell) = 0;

  /// At a stop, by the thread that moves it: the agent goes to `node`, and what `cell` was; and it
  /// has come from another node, so that `cell` is its new record.
  virtual void left(Cell& cell, NodeIndex node) {
    static_cast<void>(node);
    ended(cell);
  }
  virtual void arrived(Cell& cell) { started(cell); }

  /// At a stop: it is in another domain of this node now.
  virtual void moved(Cell& cell) { static_cast<void>(cell); }
};

/// Carries out events and ends of agents, in the order that an engine has found: the part that is
/// the same for all engines, with its counters.
///
/// Threads: one owner at a time.
class Execution {
public:
  explicit Execution(World& world, AgentBindings* bindings = nullptr)
      : census(world.wall_clock), world_(world), bindings_(bindings), pool_(world.depot()),
        context_(world, pool_), event_durations_(world.wall_clock) {
    counters.last_event_time = Instant::beginning().absorption;
  }
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  /// Puts `lambda` into the mailbox of `cell`, due at `absorption`: in order, or aside. Beyond the
  /// configured limit the simulation fails.
  void queue(Cell& cell, Closure& lambda, double absorption) {
    cell.mailbox.push_placed(lambda, absorption, pool_.resource());
    require_room(cell);
  }
  void put_aside(Cell& cell, Closure& lambda, double absorption) {
    cell.mailbox.put_aside(lambda, absorption, pool_.resource());
    require_room(cell);
  }

  /// Takes the front lambda out of the mailbox of `cell`.
  [[nodiscard]] Closure& take(Cell& cell) { return static_cast<Closure&>(cell.mailbox.pop()); }

  /// The reading end of `channel` is open, or was closed. What is not needed any more is freed by
  /// tidy_up(), which is for the engine to call at times, and tells it which agents have one
  /// incoming channel less.
  void open_reader(Channel& channel) { ++channel.to->incoming; }
  void retire(IncomingChannel* list);
  template <class OneLess>
  void tidy_up(OneLess&& one_less) {
    if (retired_.size() >= retired_max_)
      free_retired(one_less);
  }

  /// `cell` absorbs `lambda` at `key`. Returns what the event did, until the next call; the lambda
  /// is freed. A model's exception becomes failure() and lowers the world's end time.
  Effects& execute(Cell& cell, Closure& lambda, const EventKey& key);

  void discard(Closure& lambda) { detail::discard(lambda, &pool_); }

  /// Takes `cell` into the count of the living and starts it.
  void start(Cell& cell);

  /// The same for one of a world that goes on: it was born before. Or it has ended before.
  void resume(Cell& cell);

  /// A lambda that waits in such a world, to be queued now; what comes behind it on its channel is
  /// absorbed no earlier. @pre the channel is open again
  static void resume(Closure& lambda, double absorption) {
    if (lambda.via != nullptr)
      lambda.via->last_absorption = std::max(lambda.via->last_absorption, absorption);
  }

  /// The agent takes another velocity from laboratory time `time` on.
  void turn(Cell& cell, double time, const Velocity<4>& velocity,
            CausalMailbox::Sums sums = CausalMailbox::Sums::now);

  /// Deletes the agent at laboratory time `time`. Returns what it sent and closed meanwhile.
  /// @pre cell.alive()
  Effects& end(Cell& cell, double time, CellState how);

  /// The same at the end of the run. Returns the channels that it closed, and nothing else.
  Effects& end_with_run(Cell& cell, double time);

  /// Takes all lambdas out of the mailbox of an agent that has ended; see lose().
  [[nodiscard]] Closure* take_any(Cell& cell) {
    return static_cast<Closure*>(cell.mailbox.take_any());
  }

  /// The agent leaves for another node. @pre nothing is left of its channels
  void leave(Cell& cell, NodeIndex node);

  /// The agent has come from another node.
  void arrive(Cell& cell);

  /// The agent has come from another domain of this node.
  void take_over(Cell& cell) {
    if (bindings_ != nullptr)
      bindings_->moved(cell);
  }

  /// Takes out the closed channels for which `belongs`, whose queued lambdas are not gone yet.
  template <class Belongs>
  [[nodiscard]] std::vector<Channel*> take_retired(Belongs&& belongs) {
    const auto others = std::stable_partition(retired_.begin(), retired_.end(), belongs);
    std::vector<Channel*> taken(retired_.begin(), others);
    retired_.erase(retired_.begin(), others);
    return taken;
  }
  void retire(Channel& channel) { retired_.push_back(&channel); }

  /// What was counted and reported so far, added to `stop`; it is good until the run goes on.
  void show_at(WorldAtStop& stop) {
    stop.counters.add(counters);
    stop.reports.emplace_back(context_.reports);
    stop.trace.push_back(&trace);
    stop.records.push_back(&context_.records);
  }

  /// No event, and no end of an agent, was later.
  [[nodiscard]] double latest() const { return std::max(counters.last_event_time, latest_end_); }

  /// Counts and frees a lambda that will never be absorbed, at an agent that ended as `how`.
  /// Returns the references that it brought: their holds must be released.
  std::unique_ptr<std::vector<CarriedReference>> lose(Closure& lambda, CellState how);

  /// Stops the simulation at `key`: nothing happens after that time. Of several failures the
  /// earliest counts, so that the same program fails in the same way on every engine.
  void fail(const EventKey& key, Error error);

  /// Frees the record of an agent that has ended, and its channels.
  void free(Cell& cell);

  [[nodiscard]] Effects& effects() { return context_.effects; }
  [[nodiscard]] std::vector<Report>& reports() { return context_.reports; }
  [[nodiscard]] std::vector<Report>& records() { return context_.records; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  [[nodiscard]] World& world() const { return world_; }

  /// Whether the run is watched, and a watcher asks how far it is: then the engine calls show().
  [[nodiscard]] bool is_watched() const { return world_.wall_clock != nullptr; }
  [[nodiscard]] bool is_asked() const { return live.is_wanted(); }

  /// Lets others see the counters, with what the engine adds to them: activations and lambdas for
  /// other nodes, which are among those that are `sent`.
  void show(LiveCounters of_engine);

  RunCounters counters;
  std::vector<TraceRecord> trace; ///< since it was last taken
  LiveView live;
  Census census; ///< @pre is_watched()

private:
  void require_room(Cell& cell) {
    if (cell.mailbox.size() > world_.options.mailbox_lambdas_max) [[unlikely]]
      fail_if_full(cell);
  }
  void fail_if_full(const Cell& cell);
  void fail_by_problem(const EventKey& key, const Cell& cell);
  void fail_by_exception(const EventKey& key, const Cell& cell, const char* where);
  void require_resolution(const Cell& cell, const Closure& lambda) const;

  /// See RunSummary::value_digest(). @pre the event is in the digest of `cell`
  void add_values(const Cell& cell, const Closure& lambda) {
    if (lambda.ops->hash != nullptr)
      counters.values.add_hash(lambda.ops->hash(lambda, cell.digest.value()));
    else if (world_.options.values) [[unlikely]]
      add_saved_values(cell, lambda);
  }
  void add_saved_values(const Cell& cell, const Closure& lambda);
  void find_exit(Cell& cell);
  void free_retired(const std::function<void(Cell&)>& one_less);
  void record(TraceRecord::Kind kind, Cell& cell, double time, const Closure* lambda);
  void add_sent();
  void show_event(const EventKey& key, Cell& cell, const Closure& lambda);

  World& world_;
  AgentBindings* bindings_;
  BlockPool pool_;
  std::vector<Channel*> retired_;
  std::size_t retired_max_ = 64;
  EventContext context_;
  DurationSampler event_durations_;
  std::optional<Failure> failure_;
  double latest_end_ = Instant::beginning().absorption;
  std::unordered_map<const Cell*, std::size_t> full_; // when to look again at its mailbox
  std::vector<std::byte> values_;                     // of one lambda
  const bool is_seen_ = world_.after_event != nullptr;
  std::size_t reports_seen_ = 0; // by after_event()
};

} // namespace stos::detail

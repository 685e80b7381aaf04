#pragma once

#include "libstos/agent/domain_board.hpp"
#include "libstos/agent/execution.hpp"
#include "libstos/agent/time_table.hpp"
#include "libstos/spacetime/box.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace stos::detail {

/// One thing that a domain tells another: a lambda, or news of a channel.
struct Parcel {
  enum class Kind : std::uint8_t { open, lambda, close, turned };
  Kind kind;
  Channel* channel = nullptr; ///< all but lambda
  Closure* lambda = nullptr;
  std::unique_ptr<Trajectory> path; ///< turned: the source's new worldline
};

/// Parcels from one domain to another, in the order in which they happened.
struct Batch {
  std::size_t from = 0;
  std::unique_ptr<Batch> next;
  std::vector<Parcel> parcels;
};

/// A group of agents that is executed by one worker at a time.
///
/// What an agent may execute follows from its *reach*, the way of light from its nearest source in
/// the domain: when the agent furthest behind in the domain is at time t, each one may go on to t
/// plus its own reach, in any order. Agents are kept in *tiers* of similar reach. A tier is visited
/// in sweeps, in the order of memory: all its agents that are due before t plus the tier's width
/// run as far as they may, many events at one visit. Then, while the others stay where they are,
/// tiers of shorter reach catch up in more and shorter sweeps. Agents without any reach of their
/// own (in motion, in one place) go one by one, the one furthest behind first, each as far as the
/// light cones of the others let it.
///
/// Agents of other domains are bounded by their domain's clock and the distance from there. An
/// agent that has to wait for another domain is passed over; those who are far enough from it go
/// on.
///
/// Threads: none inside; one owner at a time. All that other threads see is the DomainBoard.
/// Source:  the tiers are the block time steps of N-body codes (McMillan, "The vectorization of
///          small-N integrators", 1986), bounded by light cones instead of accelerations.
class Domain final : public Injector {
public:
  Domain(std::size_t index, World& world, DomainBoard& board, AgentBindings* bindings);
  ~Domain() override;

  enum class Slice { more, parked, finished };

  /// Executes at most `events_max` events. After `parked` the domain must not be touched: it may be
  /// running elsewhere. After `finished` all its agents are deleted.
  Slice run(std::uint64_t events_max);

  [[nodiscard]] Execution& execution() { return execution_; }
  [[nodiscard]] const EngineCounters& engine_counters() const { return engine_counters_; }
  [[nodiscard]] std::size_t index() const { return index_; }

  std::optional<double> inject(Cell& cell, Closure& lambda) override;

  /// The initial world, before the first run(): effects of the set-up that concern this domain.
  void adopt(Cell& cell);
  void adopt(Channel& channel);
  void adopt(Closure& lambda) {
    ++execution_.counters.sent;
    deliver(lambda);
  }
  void drop(Channel& channel) { close_reader(channel); }

  /// What the domain of a channel's reader needs to know of its source, if that is another one.
  static void leave_copy_of_source(Channel& channel);

private:
  /// The channels from one other domain, to bound what can come from there.
  struct Cut {
    std::map<double, std::uint32_t> distances;  ///< of those between two who rest, with their count
    std::vector<Channel*> moving;               ///< all others
    Box sources;                                ///< where those who rest are, or have been
    double bound = Instant::never().absorption; ///< nothing arrives from there before it

    [[nodiscard]] bool empty() const { return distances.empty() && moving.empty(); }
  };

  /// Agents of similar reach.
  struct Tier {
    int exponent;                                        ///< of the reach, see tier_of
    double width = Instant::never().absorption;          ///< no agent's reach is less
    double window_end = Instant::beginning().absorption; ///< swept up to here,
    bool has_unswept = false; ///< but for agents that have become due since, or were passed over
    TimeTable table;
  };
  static constexpr std::uint8_t no_reach = 0; ///< the tier of those who go one by one

  /// A batch that was sent and that the receiver does not answer for yet.
  struct UnderWay {
    std::uint64_t number;
    double earliest; ///< nothing in it was emitted before
  };

  [[nodiscard]] double bound_of(const Cut& cut, double clock) const;
  [[nodiscard]] double bound_of(const Channel& channel, double clock) const;
  bool look_around();
  bool take_parcels();
  void take(Parcel& parcel);
  void find_bounds();
  bool find_news();
  bool lift_clocks();
  void take_tasks();
  void resume_blocked();

  [[nodiscard]] bool budget_left() const { return execution_.counters.absorbed < slice_end_; }
  [[nodiscard]] double end_time() const { return world_.end_time.load(std::memory_order_relaxed); }
  void work();
  double sweep_tiers(double base);
  void sweep(Tier& tier, double base, double window_end);
  bool run_ahead();
  void visit(Cell& cell, double base);
  [[nodiscard]] bool others_let(const Cell& cell, double time, double base);
  [[nodiscard]] double out_of_reach_until(const Cell& cell, double time) const;
  [[nodiscard]] Cell& first_of(TimeTable& table);
  [[nodiscard]] Cell& first_of_all();
  bool run_one(Cell& cell);
  [[nodiscard]] bool may_go_on(const Cell& cell);
  [[nodiscard]] double earliest_time() const;
  [[nodiscard]] Instant earliest_instant();

  std::uint8_t tier_of(double reach);
  void place(Cell& cell);
  void place_newcomers();
  void due(Cell& cell, double time);
  void lose_lambdas(Cell& cell, CellState how);
  void step(Cell& cell);
  void apply(Effects& effects, Cell& self);
  void route(Closure& lambda);
  void deliver(Closure& lambda);
  void attach(Channel& channel);
  void close_reader(Channel& channel);
  void let_go_of_references(Closure& lambda, CellState how);
  void source_turned(Channel& channel);
  void turn(Cell& cell, const Velocity<4>& velocity);
  void tell_turned(Cell& cell);
  void end(Cell& cell, double time, CellState how);
  void bury(Cell& cell);
  void empty_graveyard();
  void add_to_ended(Cell& cell);
  void finish();
  void finish(Cell& cell, double time);

  void post(std::size_t domain, Parcel parcel);
  void post(std::unique_ptr<Batch>& box, Parcel parcel);
  void flush();
  void add_to_cut(Channel& channel);
  void remove_from_cut(Channel& channel);
  [[nodiscard]] Instant next_instant() { return std::min(earliest_instant(), blocked_next_); }
  [[nodiscard]] double floor_time() const;
  void publish();
  void announce();
  void tell_others(std::uint64_t& next_publication);
  [[nodiscard]] DomainBoard::Wish wish();

  const std::size_t index_;
  World& world_;
  DomainBoard& board_;
  Execution execution_;
  std::deque<Tier> tiers_;
  std::vector<std::uint8_t> swept_; // all but no_reach, the widest first
  std::vector<Cell*> newcomers_;    // not in a tier yet
  std::uint64_t slice_end_ = 0;     // the count of events at which the slice is over
  Cell* active_ = nullptr;          // executes events right now
  std::vector<Cell*> ended_;        // somebody still has a channel to them
  std::vector<Cell*> blocked_;
  Instant blocked_next_ = Instant::never(); // a lower bound over blocked_
  Cell* first_blocked_ = nullptr;           // whose it is
  std::vector<Cell*> graveyard_;            // freed at the end of the slice
  std::vector<double> clocks_;              // of all domains, as of the beginning of the slice
  std::vector<Cut> cuts_;
  double outside_bound_ = Instant::never().absorption; // nothing arrives from others before it
  std::uint64_t worldlines_version_ = 1; // raised with each turn, and each channel from outside
  double executed_since_flush_ = Instant::never().absorption; // no event before it
  std::vector<std::uint64_t> taken_;                          // batches from each other domain
  std::vector<std::vector<UnderWay>> under_way_;              // to each other domain
  std::vector<std::uint64_t> sent_;
  double promised_ = Instant::beginning().absorption;
  EngineCounters engine_counters_;
  bool outgoing_ = false;                             // something is in the outboxes
  std::vector<std::unique_ptr<Batch>> hold_outboxes_; // sent before outboxes_
  std::vector<std::unique_ptr<Batch>> outboxes_;
};

} // namespace stos::detail

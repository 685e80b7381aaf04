#pragma once

#include "libstos/engine/execution.hpp"
#include "libstos/engine/parallel/domain_board.hpp"
#include "libstos/engine/parallel/first_due.hpp"
#include "libstos/engine/parallel/outbox.hpp"
#include "libstos/engine/parallel/outside.hpp"
#include "libstos/engine/parallel/tiers.hpp"
#include "libstos/engine/parallel/waits.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

/// How long a domain has had something to execute. Measures nothing without a clock.
class BusyTime {
public:
  explicit BusyTime(WallClock clock) : clock_(clock) {}

  void begins() {
    if (clock_ != nullptr)
      since_s_ = clock_();
  }
  void ends() {
    if (clock_ != nullptr)
      sum_s_ += clock_() - since_s_;
  }
  /// @pre between begins() and ends()
  [[nodiscard]] double so_far_s() {
    ends();
    begins();
    return sum_s_;
  }
  [[nodiscard]] double sum_s() const { return sum_s_; }

private:
  WallClock clock_;
  double since_s_ = 0;
  double sum_s_ = 0;
};

/// A group of agents that is executed by one worker at a time.
///
/// What an agent may execute follows from its *reach*, the way of light from its nearest source in
/// the domain: when the agent furthest behind in the domain is at time t, each one may go on to t
/// plus its own reach, in any order. Agents are kept in *tiers* of similar reach. A tier is visited
/// in sweeps, in the order of memory: all its agents that are due before t plus the tier's width
/// run as far as they may, many events at one visit. Then, while the others stay where they are,
/// tiers of shorter reach catch up in more and shorter sweeps. Agents without any reach of their
/// own (in motion, in one place) go one by one in the order of time, from an event list.
///
/// Agents of other domains are bounded by their domain's clock and the distance from there. An
/// agent of the list that has to wait for another domain is put aside, and those who are outside of
/// the light cones of all that were put aside go on. In a sweep it is passed over; those who are
/// far enough from it go on, and where the wait is long, so do those who are outside of the light
/// cones of all who are due before them.
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
  [[nodiscard]] EngineCounters engine_counters() const;
  [[nodiscard]] std::size_t index() const override { return index_; }

  std::optional<double> inject(Cell& cell, Closure& lambda) override;

  /// The initial world, before the first run(): effects of the set-up that concern this domain.
  /// An agent gets its place in a tier at last, with all the channels that were made for it.
  void adopt(Cell& cell);
  void place_first(Cell& cell);
  void adopt(Channel& channel);
  void adopt(Closure& lambda) {
    ++execution_.counters.sent;
    deliver(lambda);
  }
  void drop(Channel& channel) { close_reader(channel); }

  /// The same for a world that goes on, see Resumption.
  void resume(Cell& cell);
  void resume(Closure& lambda, double absorption) {
    Execution::resume(lambda, absorption);
    put_into_mailbox(*lambda.to, lambda, absorption);
  }
  void resume_retired(Channel& channel) {
    execution_.open_reader(channel);
    execution_.retire(channel);
  }

  /// What the domain of a channel's reader needs to know of its source, if that is another one.
  static void leave_copy_of_source(Channel& channel);

  // For Rewiring, at a stop.

  [[nodiscard]] std::size_t agents() const { return tiers_.agents(); }
  template <class Visit>
  void for_each_agent(Visit&& visit) const {
    tiers_.for_each(visit);
  }

  /// Nobody is put aside any more.
  void begin_stop() { resume_blocked(); }

  /// Adds what is here.
  void show_at(WorldAtStop& stop);

  /// Another channel's bounds, see Outside: of one that leads into this domain.
  void forget_bound_of(Channel& channel) { outside_.remove(channel); }
  void bound(Channel& channel) { outside_.add(channel); }

  void take_out(Cell& cell) { tiers_.remove(cell); }
  /// @pre its channels are counted
  void put_in(Cell& cell);
  /// To be called when the agent's reach may have changed.
  void place(Cell& cell);

  /// All clocks, and what is known of others, go back to `least`, and what is in the domain is told
  /// anew.
  void begin_anew(double least);

private:
  bool take_parcels();
  void take(Parcel& parcel, bool from_afar);
  void take_tasks();
  bool find_news();
  bool find_news_soon();
  void has_to_wait();
  bool look_for_news(std::uint32_t first_look, std::uint32_t looks_max);
  void resume_blocked();

  // Once it is gone, it is for the rest of the slice: what was not done has to be done in another.
  [[nodiscard]] bool budget_left() {
    yields_ = yields_ || board_.gateway_waits();
    return !yields_ && execution_.counters.absorbed < slice_end_;
  }
  [[nodiscard]] double end_time() const { return world_.horizon(); }
  void work();
  void sweep_tiers(double base);
  std::uint64_t sweep(Tier& tier, double base, double window_end);
  bool run_ahead();
  bool pass_those_who_wait();
  void goes_ahead(const Cell& cell);
  void execute_next(Cell& cell);
  void visit(Cell& cell, double base);
  void run_list();
  [[nodiscard]] bool goes_from_list(Cell& cell, double time);
  [[nodiscard]] bool is_reached_from_aside(const Point& here) const;
  void put_aside(Cell& cell);
  void look_at_others();
  [[nodiscard]] bool others_let(Cell& cell, double time, double base);
  bool run_one(Cell& cell);
  [[nodiscard]] bool may_go_on(Cell& cell);
  [[nodiscard]] bool hears_nothing_before_next(Cell& cell, const Horizons& horizons) const;
  [[nodiscard]] double earliest() const {
    return std::min(tiers_.earliest(), blocked_next_.absorption);
  }

  void lose_lambdas(Cell& cell, CellState how);
  void step(Cell& cell);
  void apply(Effects& effects, Cell& self);
  void apply_with_changes(Effects& effects, Cell& self);
  void route_all(Effects& effects);
  void route(Closure& lambda);
  void deliver(Closure& lambda);
  void deliver_from_afar(Closure& lambda);
  void put_into_mailbox(Cell& to, Closure& lambda, double time);
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
  void finish(Cell& cell);

  void take_census(bool asleep);
  void show(bool asleep);

  [[nodiscard]] double floor_time() const { return std::min(earliest(), outside_.bound()); }
  void publish();
  void count_load(double busy_s);
  void tell_others();
  [[nodiscard]] DomainBoard::Wish wish();

  const std::size_t index_;
  World& world_;
  DomainBoard& board_;
  Execution execution_;
  Outside outside_;
  Outbox outbox_;
  Tiers tiers_;
  FirstDue first_due_;
  BusyTime busy_;
  std::uint64_t busy_counted_ = 0; // the count of events when others were last told of it
  std::uint64_t slice_end_ = 0;    // the count of events at which the slice is over
  std::uint64_t steps_ = 0;        // events, and agents that left through a boundary
  bool yields_ = false;            // the gateway has asked for the worker
  Cell* active_ = nullptr;         // executes events right now
  std::vector<Cell*> ended_;       // somebody still has a channel to them

  struct Aside {
    Cell* cell;
    Point where; // and when: what it does next
  };
  std::vector<Aside> blocked_;
  Instant blocked_next_ = Instant::never(); // a lower bound over blocked_
  Cell* first_blocked_ = nullptr;           // whose it is
  std::uint64_t next_publication_ = 0;      // the count of events
  std::vector<Cell*> graveyard_;            // freed at the end of the slice
  double promised_ = Instant::beginning().absorption;
  double relied_on_ = Instant::beginning().absorption; // what comes from outside stays behind it
  EngineCounters engine_counters_;
  Waits waits_;
  DurationSampler activation_durations_;
  std::uint64_t sent_to_others_ = 0; // lambdas for other domains and links,
  std::uint64_t sent_to_links_ = 0;  // and for links alone
};

} // namespace stos::detail

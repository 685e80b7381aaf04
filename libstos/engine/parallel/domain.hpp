#pragma once

#include "libstos/engine/execution.hpp"
#include "libstos/engine/parallel/domain_board.hpp"
#include "libstos/engine/parallel/first_due.hpp"
#include "libstos/engine/parallel/other_domains.hpp"
#include "libstos/engine/parallel/outbox.hpp"
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
/// plus its own reach, in any order. Agents are kept in *tiers* of similar reach; those without any
/// reach (in motion, in one place) stand in an event *list*. A slice, run(), does this:
///
///     look at the clocks of other domains; then take in what they have sent
///     if the run is finished: end all agents, and return
///     run the tasks from outside
///     repeat                                                                  // a round
///       take the bound of other domains anew
///       unless paused: put back all agents that were put aside; work
///       publish: send what is for other domains, then raise the own clock
///     as long as events are left in the budget, it is not paused, and one of these has found news
///     or executed something, tried in this order:
///       run_ahead            a few agents beyond the ends of their windows
///       find_news_soon       a few looks at the clocks and the inbox
///       pass_those_who_wait  a few agents outside of the light cones of all that are due earlier
///       find_news            more looks, while no other domain needs the worker
///     unless the budget or the rounds are used up: park, and say which clocks would help
///
///     work: repeat, until nothing is due before the horizon, or a pass executes nothing
///       base := the time of the domain's earliest event, agents that were put aside included
///       for each tier that is swept, the widest first:                        // in memory order
///         if base has reached the end of its window: the window ends at base + its width
///         visit each agent due in the window: execute its events while `visit` may, up to 256
///       while the first agent of the list is due before all that are swept:   // in time order
///         execute its next event if `list` may, else put it aside
///       if nothing was executed: the agent that is due first executes its next event if `one` may,
///         else it is put aside, and the work is over
///       publish, every few hundred events, and at once if another domain waits
///
/// The next event of an agent, at time t, has to pass these bounds, the cheap ones first:
///
///     bound                          provided by          taken anew             visit  list  one
///     t < horizon                    World: end, stop     each time              x      x     x
///     t < base + reach               CausalMailbox        base: each pass        x
///     outside of the light cones of  the agents that      when one is put aside         x
///       all that were put aside        were put aside       or put back
///     and one of these:
///     t < bound: nothing arrives in  OtherDomains: clock  each round, and when   x      x     (x)
///       the domain before it           + least distance     a channel opens
///     t < free_until: nothing gets   OtherDomains: clocks each visit; after a    x      x     (x)
///       to the agent before it         + its distances      turn or an opening
///     no channel of the agent can    CausalMailbox, with  each time              x      (x)   x
///       bring anything before it       clocks and floor
///
/// (x): for `one`, only if t is before all other events of the domain; in the list, only while no
/// agent is put aside. On a visit the last bound, others_let(), also asks for t < bound + reach.
/// The floor is the next event of the whole world; it is found when all domains sleep
/// (DomainBoard).
///
/// Threads: none inside; one owner at a time. All that other threads see is the DomainBoard.
/// Source:  the tiers are the block time steps of N-body codes (McMillan, "The vectorization of
///          small-N integrators", 1986), bounded by light cones instead of accelerations.
class Domain final : public Injector {
public:
  Domain(DomainIndex index, World& world, DomainBoard& board, AgentBindings* bindings);
  ~Domain() override;

  enum class Slice { more, parked, finished };

  /// Executes at most `events_max` events. After `parked` the domain must not be touched: it may be
  /// running elsewhere. After `finished` all its agents are deleted.
  Slice run(std::uint64_t events_max);

  [[nodiscard]] Execution& execution() { return execution_; }
  [[nodiscard]] EngineCounters engine_counters() const;
  [[nodiscard]] DomainIndex index() const override { return index_; }

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

  /// No agent is put aside any more.
  void begin_stop() { resume_blocked(); }

  /// Adds the agents, and the ended ones, that are here.
  void show_at(WorldAtStop& stop);

  /// Of a channel that leads into this domain: it does not bound the domain any more, or does again
  /// (see OtherDomains).
  void forget_bound_of(Channel& channel) { other_domains_.remove(channel); }
  void bound(Channel& channel) { other_domains_.add(channel); }

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

  // Once false, it stays so for the rest of the slice: what is left is for the next slice.
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

  [[nodiscard]] double injection_bound(const Cell& cell);
  [[nodiscard]] double floor_time() const { return std::min(earliest(), other_domains_.bound()); }
  void publish();
  void count_load(double busy_s);
  void tell_others();
  [[nodiscard]] DomainBoard::Needs needs();

  const DomainIndex index_;
  World& world_;
  DomainBoard& board_;
  Execution execution_;
  OtherDomains other_domains_;
  Outbox outbox_;
  Tiers tiers_;
  FirstDue first_due_;
  BusyTime busy_;
  std::uint64_t busy_counted_ = 0; // the count of events when others were last told of it
  std::uint64_t slice_end_ = 0;    // the count of events at which the slice is over
  std::uint64_t steps_ = 0;        // events, and agents that left through a boundary
  bool yields_ = false;            // the gateway has asked for the worker
  Cell* active_ = nullptr;         // executes events right now
  std::vector<Cell*> ended_;       // agents to which a channel is still open

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
  double relied_on_ = Instant::beginning().absorption; // agents here went on to it
  EngineCounters engine_counters_;
  Waits waits_;
  DurationSampler activation_durations_;
  std::uint64_t sent_to_others_ = 0; // lambdas for other domains and links,
  std::uint64_t sent_to_links_ = 0;  // and for links alone
};

} // namespace stos::detail

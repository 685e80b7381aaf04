#pragma once

#include "libstos/base/usage_error.hpp"
#include "libstos/world/cell.hpp"
#include "libstos/world/effects.hpp"
#include "libstos/world/issued_references.hpp"
#include "libstos/world/record_cut.hpp"
#include "libstos/world/report.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {

/// Why and for what an agent's members are saved or loaded: it moves to another node, with the
/// channels that it writes to.
///
/// Its `inspect`, and the default constructor that goes before it, see to the members and do
/// nothing else: everything that an event could do throws UsageError meanwhile.
class Transfer {
public:
  enum class Kind : std::uint8_t { save, load };

  explicit Transfer(Kind kind) : kind_(kind) {}

  /// The next agent. @pre its record has all its outgoing channels
  void begin(Cell& cell);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] Cell& cell() const { return *cell_; }

  /// The open channel with this number, for the one ChannelWriter that it has; null if there is
  /// none, or it has been claimed already.
  [[nodiscard]] Channel* claim(ChannelNumber number);

  /// An open channel whose ChannelWriter has not come up; null if there is none.
  [[nodiscard]] const Channel* first_unclaimed() const;

private:
  Kind kind_;
  Cell* cell_ = nullptr;
  std::vector<std::pair<Channel*, bool>> channels_; // by number; claimed
};

/// The event that runs on this thread: what `new Child()`, `send`, `position()` refer to.
///
/// The seed's API needs to know, without being told, which agent's lambda is running. That is
/// ambient state, one pointer for each thread, and `current()` is the only way to it.
/// During set-up there is an event without an agent: the initialising agent at the beginning of
/// time, in whose future light cone everything lies.
class EventContext {
public:
  /// What events make is made in the memory of `pool`.
  EventContext(World& world, BlockPool& pool) : world_(&world), pool_(pool) {}

  EventContext(const EventContext&) = delete;
  EventContext& operator=(const EventContext&) = delete;

  /// The context of the event that runs on this thread; null outside of events and set-up scopes.
  static EventContext* current() { return current_; }

  /// The context in which something may be done with `cell`: the current event of its world, or
  /// its world's set-up. Throws UsageError if there is none.
  static EventContext& of(const Cell& cell) {
    if (current_ != nullptr && (current_->self_ == &cell || current_->world_ == cell.world))
        [[likely]]
      return *current_;
    return setup_of(cell);
  }

  /// Makes `*this` current until the scope ends.
  class Scope {
  public:
    explicit Scope(EventContext* context) : previous_(std::exchange(current_, context)) {}
    ~Scope() { current_ = previous_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

  private:
    EventContext* previous_;
  };

  /// Begins the event in which `self` absorbs `lambda` at `instant`.
  void begin(Cell& self, Closure& lambda, const Instant& instant);

  /// Begins the end of `self`: no lambda runs, but its destructor does. It may send, set timers,
  /// close channels and report, and look where it is. To die or turn has no effect any more, and a
  /// new agent is a problem().
  void begin_last(Cell& self, double time);
  void end_last() { mode_ = Mode::event; }

  /// From now on agents are deleted that are no part of the run, or no longer here: what they do
  /// has no effect at all.
  void begin_inert();

  /// Takes out of `effects` all but closings, and frees it. Also deletes the agents that were born:
  /// what they do meanwhile has no effect.
  void drop_effects();

  /// Whether a misuse is put down rather than thrown, because this is a destructor.
  static bool puts_down(const Error& misuse);

  /// From now on this is no event: the agent of `transfer` is saved or loaded, and nothing can
  /// happen.
  void begin_transfer(Transfer& transfer);
  [[nodiscard]] Transfer* transfer() const { return transfer_; }

  [[nodiscard]] World& world() const { return *world_; }
  [[nodiscard]] BlockPool& pool() const { return pool_; }
  [[nodiscard]] Cell* self() const { return self_; }
  [[nodiscard]] bool is_inert() const { return mode_ == Mode::inert; }
  [[nodiscard]] bool is_setup() const { return self_ == nullptr; }

  Cell& create(AgentBase& agent, const AgentOps& ops, const Point* position,
               const Velocity<4>* velocity);
  void destroyed_by_user(Cell& cell);

  Channel& open(Cell& from, Cell& to);
  Channel& open(Cell& from, const Ticket& reference);
  void close(Channel& channel);
  void close_all(Cell& cell);
  void emit(Channel& channel, Closure& lambda);
  void set_timer(Cell& cell, double local_delay, Closure& lambda);
  void set_date(Cell& cell, double time, Closure& lambda);
  Ticket refer(const Channel& channel);
  Ticket refer_to(Cell& own);
  Ticket renew(const Ticket& reference);
  void turn(Cell& cell, const Velocity<4>& velocity);
  void turn_now(const Velocity<4>& velocity) { effects.change().turn = velocity; }
  void stop(Cell& cell);
  void turn_as_decided();
  void die(Cell& cell);
  void die_now() { effects.change().dies = true; }

  /// Where `cell` is as the current event sees it: its own agent, or one that it has created.
  [[nodiscard]] Point position(const Cell& cell) const;
  [[nodiscard]] double local_time(const Cell& cell) const;
  [[nodiscard]] Velocity<4> velocity(const Cell& cell) const;
  RandomStream& random(Cell& cell);
  void report(Cell& cell, std::string_view topic, std::vector<std::byte> value, ReportType type);

  /// Whether what `cell` records goes anywhere. Throws UsageError if it is not its own to record.
  [[nodiscard]] bool wants_records(const Cell& cell) const;
  void record(const Cell& cell, std::string_view topic, std::vector<std::byte> value,
              ReportType type) {
    records.push_back({std::string(topic), cell.id, time_of(cell), 0, std::move(value), type});
  }

  Effects effects;
  std::vector<Report> reports; ///< of all events so far
  std::vector<Report> records; ///< since they were last taken; those of one agent in their order

  /// Why the current event fails although it has thrown nothing: destructors cannot.
  std::optional<Error> problem;

private:
  static EventContext& setup_of(const Cell& cell);
  void drop_opened();
  void find_emission_after_reaction(Cell& self);
  [[nodiscard]] double time_of(const Cell& cell) const {
    return &cell == self_ ? instant_.absorption : cell.now;
  }
  [[nodiscard]] Point emission_point(const Cell& cell) const;
  [[nodiscard]] std::uint32_t emission_depth(double emission_time) const;
  Channel& open_unchecked(Cell& from, Cell& to);
  Cell& adopt(AgentBase& agent, const AgentOps& ops);
  void require_resolution(const Cell& cell, const Closure& lambda, double local_delay) const;

  // False if it has no effect. Throws UsageError if it must not be.
  bool require_own(const Cell& cell, const char* action) const {
    if (&cell == self_ && transfer_ == nullptr) [[likely]]
      return true;
    return is_allowed(cell, action);
  }
  // While an agent is moved, its inspect may look where it is.
  void require_seen(const Cell& cell, const char* action) const {
    if (&cell != self_) [[unlikely]]
      static_cast<void>(is_allowed(cell, action));
  }
  [[nodiscard]] bool is_allowed(const Cell& cell, const char* action) const;
  [[nodiscard]] Cell& target_of(const Ticket& reference) const;
  Ticket issue(Cell& target, const Cell* taker);
  void carry_references(Closure& lambda, Cell& to) {
    if (!issued_.empty()) [[unlikely]]
      carry_issued(lambda, to);
  }
  void carry_issued(Closure& lambda, Cell& to);

  // Visible, so that a program and its shared libraries have one, whatever they are compiled with.
  // NOLINTNEXTLINE(readability-identifier-naming): a member, not a variable of its own
  [[gnu::visibility("default")]] static constinit inline thread_local EventContext* current_ =
      nullptr;

  World* world_;
  BlockPool& pool_;
  RecordCut report_cut_;
  Cell* self_ = nullptr;
  Closure* executing_ = nullptr;
  Transfer* transfer_ = nullptr;
  enum class Mode : std::uint8_t { event, ending, inert };
  Mode mode_ = Mode::event;
  Instant instant_ = Instant::beginning();

  // Where the event's effects leave: a reaction time later on the agent's own clock, on the
  // worldline that it will be on then.
  const Trajectory* emission_path_ = nullptr;
  Trajectory path_after_turns_;
  double emission_time_ = 0;
  double emission_local_time_ = 0;

  IssuedReferences issued_; // by this event
};

/// "agent 7 (Ping)", as error texts name agents.
[[nodiscard]] std::string describe(const Cell& cell);

/// From this date on, on both sides of 0, neighbouring numbers are more than a microsecond apart,
/// and something that takes time but none that can be seen is an error at once. At earlier dates it
/// may be a random number that happens to be small: there, only a row of them is, within one
/// instant.
inline constexpr double coarse_date = 0x1p33;
inline constexpr std::uint32_t deep_in_an_instant = 4;

/// Says of something that it takes less time than can be seen at `date`, and why.
[[nodiscard]] std::string below_resolution(double date);

} // namespace stos::detail

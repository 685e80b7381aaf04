#pragma once

#include "libstos/agent/agent.hpp"
#include "libstos/agent/channel_writer.hpp"
#include "libstos/base/exact_text.hpp"
#include "libstos/model/grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace stos {

/// When all agents of a model step: at laboratory times first, first + period, first + 2 period,
/// ... Each step has `phases` of equal length, and what is told in one is seen in the next.
struct StepPlan {
  double period = 1;
  double first = 0;
  std::uint32_t phases = 1;

  /// The laboratory time of phase `number`, counted from the first one of step 0.
  [[nodiscard]] double time_of(std::uint64_t number) const {
    return first + static_cast<double>(number) * period / phases;
  }
  [[nodiscard]] double phase_length() const { return period / phases; }
};

/// What an agent has been told in the phase before, and by which agent.
template <class Message>
struct Told {
  AgentId from;
  Message message{};

  template <class Inspector>
  friend bool inspect(Inspector& f, Told& x) {
    return f.object(x).fields(f.field("from", x.from.value), f.field("message", x.message));
  }
};

/// The part of a SynchronousAgent that moves along: one field of its `inspect`.
template <class Receiver, class Message>
class Steps {
public:
  /// Channels to those whom tell_neighbours() tells.
  std::vector<ChannelWriter<Receiver>> neighbours;

private:
  template <class Derived, class Simulation, class M>
  friend class SynchronousAgent;

  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

  StepPlan plan_;
  std::uint64_t next_ = none;  // the phase that comes, counted from the first one of step 0
  std::uint64_t begin_ = none; // the agent's own first one
  std::vector<Told<Message>> inbox_;

  template <class Inspector>
  friend bool inspect(Inspector& f, Steps& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours),
                              f.field("period", x.plan_.period), f.field("first", x.plan_.first),
                              f.field("phases", x.plan_.phases), f.field("next", x.next_),
                              f.field("begin", x.begin_), f.field("inbox", x.inbox_));
  }
};

/// An agent of a model in which all step together, and each sees what the others were like in the
/// step before.
///
/// `step(told)` of the class is called at each step (or phase, see phase()) with what other agents
/// have told this one in the one before. So the order in which agents step plays no part, and
/// neither does the geometry, as long as light gets there in time: what arrives early waits, what
/// arrives at the very time of the step counts as in time, and what arrives later fails the run
/// with an error that says how long the light has taken. In what was told, the order is that of
/// the senders' ids, and for each sender that of telling.
/// @code
///   struct Bit : SynchronousAgent<Bit, MySimulation, bool> { // rule 90
///     using SynchronousAgent::SynchronousAgent;
///     bool on = false;
///     void step(const Inbox& told) {
///       if (step_number() > 0)
///         on = false;
///       for (const auto& [from, is_on] : told)
///         on = on != is_on;
///       tell_neighbours(on);
///     }
///     template <class Inspector>
///     friend bool inspect(Inspector& f, Bit& x) {
///       return f.object(x).fields(f.field("steps", x.steps), f.field("on", x.on));
///     }
///   };
/// @endcode
///
/// Neighbours: channels in `steps.neighbours`; connect() of grid.hpp and graph.hpp opens them.
/// Units:      laboratory seconds. An agent that moves steps at the same laboratory times.
/// Errors:     as UsageError, with agent, step and time: what is told arrives too late, or comes
///             from or to an agent of another StepPlan, or of none. Where the period equals the
///             distance, sums may differ in the last bit; that is too late, too. It is noticed when
///             the light arrives: not if the run has ended by then, when it counts as in flight.
/// Lookahead:  light that takes its time: choose the period as long as the model allows, and the
///             distances near to it, for runs on several workers and nodes.
template <class Derived, class Simulation, class Message>
class SynchronousAgent : public Agent<Derived, Simulation> {
public:
  using Inbox = std::vector<Told<Message>>;

  using Agent<Derived, Simulation>::Agent;

  Steps<Derived, Message> steps;

  /// During set-up: an agent in each place of a grid, with channels to its neighbours there. All
  /// step by `plan`, and light knows that the grid is periodic if it is.
  template <int D>
  static std::vector<Derived*> make(const Grid<D>& grid, const StepPlan& plan = {}) {
    Simulation::space(grid.space());
    std::vector<Derived*> agents;
    for (std::uint32_t place = 0; place < grid.size(); ++place) {
      agents.push_back(new Derived(grid.position(place)));
      agents.back()->begin_steps(plan);
    }
    connect(agents, grid.edges());
    return agents;
  }

  /// To be called once for each agent: in the set-up, or where it is created. Its first step is the
  /// first one of the plan from its birth on; for an agent that is born in a step, the next one.
  /// What it is told for earlier phases is let go.
  void begin_steps(const StepPlan& plan = {}) {
    if (!(plan.period > 0) || plan.phases == 0)
      throw UsageError(Errc::bad_argument, who() +
                                               ": a step takes more than 0 s and has at least "
                                               "one phase, but the plan says " +
                                               exact_text(plan.period) + " s and " +
                                               std::to_string(plan.phases));
    const double now = this->position()[0];
    const bool is_setup = detail::EventContext::of(detail::cell_of(*this)).is_setup();
    const auto is_over = [&](std::uint64_t number) {
      return is_setup ? plan.time_of(number) < now : plan.time_of(number) <= now;
    };
    steps.plan_ = plan;
    const double passed = std::floor((now - plan.first) / plan.phase_length());
    steps.next_ = passed > 1 ? static_cast<std::uint64_t>(passed) - 1 : 0; // rounding aside
    while (is_over(steps.next_) || steps.next_ % plan.phases != 0)
      ++steps.next_;
    steps.begin_ = steps.next_;
    set_next();
  }

  /// No step comes any more, and what is told is let go.
  void end_steps() {
    steps.next_ = Steps<Derived, Message>::none - 1;
    steps.inbox_.clear();
  }

  /// In step(): the number of the step, and of the phase in it, each from 0.
  [[nodiscard]] std::uint64_t step_number() const { return steps.next_ / steps.plan_.phases; }
  [[nodiscard]] std::uint32_t phase() const {
    return static_cast<std::uint32_t>(steps.next_ % steps.plan_.phases);
  }

  /// In step(): lets the agent at the other end see `message` in the next phase.
  void tell(ChannelWriter<Derived>& to, const Message& message) {
    const double seen_at = steps.plan_.time_of(steps.next_ + 1);
    to.send(
        [seen_at, from = this->id().value](Derived& receiver, Message told) {
          static_cast<SynchronousAgent&>(receiver).hear(AgentId{from}, seen_at, std::move(told));
        },
        message);
  }
  void tell_neighbours(const Message& message) {
    for (ChannelWriter<Derived>& neighbour : steps.neighbours)
      tell(neighbour, message);
  }

private:
  [[nodiscard]] std::string who() const { return detail::describe(detail::cell_of(*this)); }
  [[nodiscard]] bool has_ended() const { return steps.next_ == Steps<Derived, Message>::none - 1; }

  void set_next() {
    this->at_lab_time(steps.plan_.time_of(steps.next_),
                      [](Derived& self) { static_cast<SynchronousAgent&>(self).run_phase(); });
  }

  void run_phase() {
    if (has_ended())
      return;
    Inbox told = std::exchange(steps.inbox_, {});
    std::stable_sort(told.begin(), told.end(),
                     [](const auto& a, const auto& b) { return a.from < b.from; });
    static_cast<Derived&>(*this).step(std::as_const(told));
    if (has_ended())
      return;
    ++steps.next_;
    set_next();
  }

  void hear(AgentId from, double seen_at, Message message) {
    if (has_ended())
      return;
    if (steps.next_ == Steps<Derived, Message>::none)
      throw UsageError(Errc::bad_argument, was_told(from, seen_at) +
                                               ", but has no steps: "
                                               "begin_steps() was not called");
    const double next = steps.plan_.time_of(steps.next_);
    if (seen_at == next) {
      steps.inbox_.push_back({from, std::move(message)});
      return;
    }
    if (steps.next_ == steps.begin_ && seen_at < next)
      return;
    const double now = this->position()[0];
    if (seen_at < now)
      throw UsageError(Errc::bad_argument,
                       was_told(from, seen_at) + ", but hears of it at " + exact_text(now) +
                           " s: light takes longer than the " +
                           exact_text(steps.plan_.phase_length()) +
                           " s from one phase to the next. Let the period be longer than the way "
                           "of light between neighbours");
    throw UsageError(Errc::bad_argument, was_told(from, seen_at) +
                                             ", when it has no step (its next "
                                             "one is at " +
                                             exact_text(next) +
                                             " s): agents that tell each other something need the "
                                             "same StepPlan");
  }

  [[nodiscard]] std::string was_told(AgentId from, double seen_at) const {
    return who() + " is told something by agent " + std::to_string(from.value) +
           " for the step at " + exact_text(seen_at) + " s";
  }
};

} // namespace stos

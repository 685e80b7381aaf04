#pragma once

#include "libstos/agent/remote_reference.hpp"
#include "libstos/agent/repetition.hpp"
#include "libstos/agent/velocity_property.hpp"
#include "libstos/base/demangle.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/code/code_registry.hpp"
#include "libstos/code/named_values.hpp"
#include "libstos/code/serialise.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/captured_address.hpp"
#include "libstos/world/world.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>

namespace stos {

/// Makes agents anew that have come from another node, and deletes them. A class whose default
/// constructor or destructor is not public has it as a friend: `friend struct
/// stos::AgentMaker;`.
struct AgentMaker {
  template <class T>
  static constexpr bool can_make() {
    return requires { new T(); };
  }
  template <class T>
  static T* make() {
    return new T();
  }
  template <class T>
  static void destroy(T* agent) {
    delete agent;
  }
};

namespace detail {

template <class T>
[[nodiscard]] const char* type_name_of() {
  static const std::string name = demangle(typeid(T).name());
  return name.c_str();
}

template <class T>
constexpr double reaction_time_of() {
  if constexpr (requires { T::reaction_time; }) {
    static_assert(T::reaction_time >= 0 && T::reaction_time <= 1e300,
                  "stos: a reaction time is at least 0, and not beyond 1e300");
    return T::reaction_time;
  } else {
    return 0;
  }
}

/// Appends the members of `agent`, as its `inspect` wants.
template <class T>
void save_agent(const AgentBase& agent, BytesWriter& to) {
  SaveInspector f(to);
  // CAF's inspectors take what they save as T&, too, and do not change it.
  if (!inspect(f, const_cast<T&>(static_cast<const T&>(agent))))
    to.fail();
}

/// Shows them, likewise.
template <class T>
[[gnu::cold]] void show_agent(const AgentBase& agent, NamingInspector& f) {
  static_cast<void>(f.expect(inspect(f, const_cast<T&>(static_cast<const T&>(agent)))));
}

template <class T>
AgentBase* load_agent(BytesReader& from) {
  constexpr auto destroy = [](T* made) { AgentMaker::destroy(made); };
  std::unique_ptr<T, decltype(destroy)> agent(AgentMaker::make<T>(), destroy);
  LoadInspector f(from);
  if (!inspect(f, *agent) || !from.ok()) {
    from.fail();
    return nullptr;
  }
  return agent.release();
}

} // namespace detail

/// Base of an agent: `class Ping : public Agent<Ping, MySimulation>`.
///
/// An agent is an ordinary object that is created with `new`, before the run or inside a lambda,
/// and that the simulation deletes: when it dies, or when it reaches the boundary. What it does, it
/// does in lambdas that others send to it through a ChannelWriter, and in timers.
///
/// It can move to another node while the simulation runs if its class has an `inspect` overload for
/// its own members, as CAF wants it, and a default constructor, which runs before that where the
/// agent arrives, and may do nothing but prepare for it: position, velocity, timers, channels and
/// the random stream come along by themselves.
/// @code
///   template <class Inspector>
///   friend bool inspect(Inspector& f, Ping& x) {
///     return f.object(x).fields(f.field("hits", x.hits), f.field("out", x.out));
///   }
/// @endcode
///
/// A class may declare `static constexpr double reaction_time`: what an event emits and changes
/// then happens that much later on the agent's own clock.
///
/// Units:   positions in seconds and light-seconds; local times are the agent's proper time.
/// Threads: all members may be used in the agent's own events, in the event that creates it and
///          during set-up; anywhere else they throw UsageError.
template <class Derived, class Simulation>
class Agent : public AgentBase {
public:
  using SpaceTime = typename Simulation::SpaceTime;
  static constexpr int dimensions = SpaceTime::dimensions;

  /// Where its creator is, and as fast; at the origin and at rest during set-up.
  Agent() : Agent(Start{}) {}

  /// At `position`, which must lie in the future light cone of the creator, and as fast as that.
  explicit Agent(const SpaceTime& position) : Agent(Start{embed(position), std::nullopt}) {}

  Agent(const SpaceTime& position, const Velocity<dimensions>& v)
      : Agent(Start{embed(position), embed(v)}) {}

  /// The agent's own trajectory: assign a Velocity to turn. See VelocityProperty.
  [[no_unique_address]] VelocityProperty<dimensions> velocity;

  /// Where in spacetime the current event is.
  [[nodiscard]] SpaceTime position() const {
    return project<dimensions>(context().position(detail::cell_of(*this)));
  }

  /// What the agent's own clock shows: proper time since its birth.
  [[nodiscard]] double local_time() const { return context().local_time(detail::cell_of(*this)); }

  /// The agent's own stream of random numbers, a function of the run's seed and of its id.
  [[nodiscard]] RandomStream& random() { return context().random(detail::cell_of(*this)); }

  /// A reference to this agent itself, to be sent in a lambda: the receiver opens a channel back.
  [[nodiscard]] RemoteReference<Derived> reference() {
    return RemoteReference<Derived>(context().refer_to(detail::cell_of(*this)));
  }

  /// Tells the program that has started the run: all reports are in its RunSummary, wherever the
  /// agent lives (where an ordinary variable of the program would only be seen on one node). Also
  /// good in the agent's destructor. The run fails beyond limits.reports_max.
  template <Portable T>
  void report(std::string_view topic, const T& value) {
    detail::EventContext& event = context();
    BytesWriter bytes;
    save(bytes, value);
    event.report(detail::cell_of(*this), topic, bytes.take(), report_type_of<T>());
  }

  /// Writes a line of the file that output.records_path names, while the run goes on: what a model
  /// has to tell that is too much to be kept until its end. The lines are in the order of laboratory
  /// time, agent, and the agent's own calls, the same on every engine and any number of nodes, each
  /// of them once: they are written behind complete cuts of the world, and a run that goes on from
  /// one goes on with the file. Where no file is named it does nothing. See docs/guide/data.md.
  template <Portable T>
  void record(std::string_view topic, const T& value) {
    detail::EventContext& event = context();
    const detail::Cell& cell = detail::cell_of(*this);
    if (!event.wants_records(cell))
      return;
    BytesWriter bytes;
    save(bytes, value);
    event.record(cell, topic, bytes.take(), report_type_of<T>());
  }

  /// The constant of this type that the set-up has provided, see ForwardSimulation::provide(); also
  /// good in the constructor of an agent that has moved to another node, where it is another object
  /// of the same value. Throws UsageError if there is none.
  template <class T>
  [[nodiscard]] const T& provided() const {
    const detail::Cell& cell = detail::cell_of(*this);
    if (const T* constant = cell.world->constants.template find<T>())
      return *constant;
    throw UsageError(Errc::bad_argument, detail::describe(cell) + " asks for a constant of type " +
                                             detail::type_name_of<T>() +
                                             ", which the set-up has not provided");
  }

  /// Closes all the agent's channels and deletes it, at this point of spacetime (a reaction time
  /// later, if it has one).
  void die() { context().die(detail::cell_of(*this)); }

  /// Ends the whole run, soon: at the next laboratory time at which that is decided, see
  /// ForwardSimulation::stop_every(), which is the same one on every engine. The run is then as if
  /// that had been its end time. Throws UsageError (not_supported) if it is never decided.
  void stop() { context().stop(detail::cell_of(*this)); }

  /// Lets the agent absorb `function(agent, arguments...)` when its own clock has advanced by
  /// `delay`. The rules for what a lambda may capture are those of ChannelWriter::send.
  template <class F, class... Args>
  void after(double delay, F&& function, Args&&... arguments) {
    detail::require_portable<F, Args...>();
    set_timer<detail::Portability::portable>(delay, std::forward<F>(function),
                                             std::forward<Args>(arguments)...);
  }

  /// The same at laboratory time `time`, exactly, whatever the agent does meanwhile: after all that
  /// it absorbs at that time and that was emitted before. UsageError if `time` is over.
  template <class F, class... Args>
  void at_lab_time(double time, F&& function, Args&&... arguments) {
    detail::require_portable<F, Args...>();
    detail::EventContext& event = context();
    detail::require_no_address_in(detail::cell_of(*this), function);
    event.set_date(detail::cell_of(*this), time,
                   *detail::make_closure<detail::Portability::portable, Derived>(
                       &event.pool(), std::forward<F>(function), std::forward<Args>(arguments)...));
  }

  /// Lets the agent absorb `function(agent)` at laboratory times now + period, now + 2 period, ...
  /// (multiplied, not added up, so that all who have begun together stay together), until it
  /// returns false, if it returns anything. See at_lab_time().
  template <class F>
  void every(double period, const F& function) {
    detail::require_portable<F>();
    detail::require_no_address_in(detail::cell_of(*this), function);
    detail::Repetition<Agent, Derived, F>{function, position()[0], period, 1}.set(*this);
  }

  /// The same for lambdas that never leave their node: they may capture anything.
  template <class F, class... Args>
  void after_local(double delay, F&& function, Args&&... arguments) {
    set_timer<detail::Portability::node_bound>(delay, std::forward<F>(function),
                                               std::forward<Args>(arguments)...);
  }

private:
  struct Start {
    std::optional<Point> position;
    std::optional<Velocity<4>> velocity;
  };

  explicit Agent(const Start& start)
      : AgentBase(Simulation::context(), ops(), start.position ? &*start.position : nullptr,
                  start.velocity ? &*start.velocity : nullptr),
        velocity(detail::cell_of(*this)) {}

  template <detail::Portability portability, class F, class... Args>
  void set_timer(double delay, F&& function, Args&&... arguments) {
    detail::EventContext& event = context();
    if constexpr (portability == detail::Portability::portable)
      detail::require_no_address_in(detail::cell_of(*this), function);
    event.set_timer(detail::cell_of(*this), delay,
                    *detail::make_closure<portability, Derived>(&event.pool(),
                                                                std::forward<F>(function),
                                                                std::forward<Args>(arguments)...));
  }

  [[nodiscard]] detail::EventContext& context() const {
    return detail::EventContext::of(detail::cell_of(*this));
  }

  static const detail::AgentOps& ops() {
    static_cast<void>(&registered_); // so that there is one
    static const detail::AgentOps ops = make_ops();
    return ops;
  }

  static detail::AgentOps make_ops() {
    detail::AgentOps ops{
        detail::type_name_of<Derived>(),
        hash_text(typeid(Derived).name()),
        detail::reaction_time_of<Derived>(),
        [](AgentBase& agent) { AgentMaker::destroy(static_cast<Derived*>(&agent)); },
        Simulation::Resource::template agent_hooks<Derived>(),
        detail::Inspected<Derived>,
        nullptr,
        nullptr,
        nullptr,
        [](const AgentBase& agent) {
          return std::as_bytes(std::span(static_cast<const Derived*>(&agent), std::size_t{1}));
        },
        &typeid(Derived),
        nullptr};
    if constexpr (detail::Inspected<Derived> && AgentMaker::can_make<Derived>()) {
      ops.save = &detail::save_agent<Derived>;
      ops.load = &detail::load_agent<Derived>;
    }
    if constexpr (requires { Derived::stays_because; })
      ops.stays_because = Derived::stays_because;
    if constexpr (detail::Named<Derived>)
      ops.show = &detail::show_agent<Derived>;
    return ops;
  }

  // NOLINTNEXTLINE(readability-identifier-naming): it must not hide what a user's agent calls
  static inline const detail::Registered<detail::AgentOps> registered_{ops()};
};

} // namespace stos

#pragma once

#include "libstos/agent/agent.hpp"
#include "libstos/agent/agent_wrapper.hpp"
#include "libstos/agent/boundary.hpp"
#include "libstos/agent/channel_writer.hpp"
#include "libstos/agent/observing.hpp"
#include "libstos/base/by_type.hpp"
#include "libstos/engine/engine.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>

namespace stos {

/// A resource that knows what its process is asked for: `options_of_run(n)` are the options of the
/// n-th run of a thread whose program has said nothing, and run_has_ended() is told how it went.
template <class R>
concept KnowsProcess = requires(const RunOptions& options, const RunSummary& summary) {
  { R::options_of_run(std::uint32_t{1}) } -> std::same_as<RunOptions>;
  R::run_has_ended(options, summary);
};

/// A simulation that runs agents forward through `SpaceTimeT` by means of `ResourceT`.
///
/// As in the seed, everything can be done through static functions:
/// @code
///   using MySimulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>>;
///   ... new Ping({0, 0, 0, 0}) ...
///   MySimulation::start(100);
/// @endcode
/// They are a façade over objects of this class. A thread's agents belong to the simulation whose
/// scope it is in; without a scope, to a default object, which is renewed after each run, so that
/// one process can set up and run any number of simulations, one after the other or, with objects
/// and scopes, at the same time.
///
/// The options of the default object, unless configure() has given them, come from the resource.
/// With ThreadPool, they are those of the process: the file that STOS_CONFIG names and the
/// variables STOS_... (or what run_main() has read). So nothing in a program says where it runs;
/// see ThreadPool for what it then prints, and how it ends.
///
/// With objects the program says everything by itself:
/// @code
///   MySimulation simulation(options);
///   { auto scope = simulation.set_up(); new Ping({0, 0, 0, 0}); }
///   RunSummary summary = simulation.run(100);
/// @endcode
/// What if, a thousand times from one moment on:
/// @code
///   simulation.run_to(50);
///   for (options.seed = 1; options.seed <= 1000; ++options.seed)
///     simulation.fork(options).run(100);
/// @endcode
///
/// Threads: one thread sets up and runs one object; different objects are independent.
/// Errors:  run() and start() throw SimulationError when the model fails; the first agent of a
///          default object throws what the resource does if the configuration is wrong.
template <class SpaceTimeT, class ResourceT, class BoundaryT = LabTimeBoundary>
class ForwardSimulation {
public:
  using SpaceTime = SpaceTimeT;
  using Resource = ResourceT;
  using Boundary = BoundaryT;

  explicit ForwardSimulation(RunOptions options = {}, Resource resource = {})
      : resource_(std::move(resource)),
        world_(std::make_unique<World>(std::move(options), typeid(ForwardSimulation), this)) {}

  ForwardSimulation(const ForwardSimulation&) = delete;
  ForwardSimulation& operator=(const ForwardSimulation&) = delete;

  /// Agents that this thread creates belong to this simulation until the scope ends.
  [[nodiscard]] detail::EventContext::Scope set_up() {
    return detail::EventContext::Scope(&world_->setup);
  }

  /// Periodic space, for example `Space::torus(40, 50, 50)`. To be set before agents are created.
  void set_space(const Space& space) { world_->space = space; }

  /// Lets all agents read `constant`, by Agent::provided(); one of each type. It must outlive the
  /// run, and be the same on all nodes. During set-up.
  template <class T>
  void provide(const T& constant) {
    world_->constants.provide(constant);
  }

  /// From `look.first` on, `look.every` seconds of laboratory time, and at the end of the run,
  /// looks at all agents of class `T` as they are then: everything before that time has happened,
  /// nothing else. `value(agent)`, or `value(agent, position)`, is a number, a bool (1 for true),
  /// or an optional one (nothing: the agent does not count). What all agents show at one time, put
  /// together, is an Observation, the same to the last bit on every engine; all of them are in
  /// RunSummary::observations, in the file output.observations_path, and while the run goes on in
  /// the metrics stos_model_... of each node.
  /// @code
  ///   simulation.observe<Person>("ill", {.every = 1}, [](const Person& p) { return p.is_ill; });
  /// @endcode
  /// With `look.until` the run ends as soon as a look shows what that wants:
  /// @code
  ///   {.every = 1, .until = [](const Observed& ill) { return ill.sum() == 0; }}
  /// @endcode
  /// An agent that moves is looked at once; those that have not begun are not there.
  ///
  /// Throws:  UsageError (bad_argument) for a name that is empty or there already, and times that
  ///          make no sense; run() does, if the run has no end.
  /// Errors:  what `value` or `look.until` throws fails the run, with the observer's name.
  /// Threads: during set-up; `value` is called by one thread at a time, on each node.
  /// Cost:    the world stands still meanwhile; on several nodes that takes a round of messages,
  ///          and another one with `until`.
  template <class T, class F>
  void observe(std::string name, Look look, F value) {
    static_assert(detail::Observes<F, T, SpaceTime>,
                  "stos: observe<T>(name, look, value) wants value(const T&) or value(const T&, "
                  "const SpaceTime&), which returns a number, a bool, or an optional one");
    world_->observers.add(std::move(name), std::move(look),
                          detail::observer_of<T, SpaceTime>(std::move(value)));
  }

  /// Agents may end the run by stop(): whether one has is decided at all multiples of `period`, and
  /// wherever an observer with a condition looks. Two runs that go on for equally long are equal:
  /// the period decides how far, and nothing else. Throws UsageError if it is not above 0.
  void stop_every(double period) { world_->observers.stop_every(period); }

  /// Runs from the beginning of time to the boundary; all agents are deleted then.
  RunSummary run(Boundary boundary) {
    detail::set_boundary(*world_, std::move(boundary));
    return run_world();
  }

  /// Runs to laboratory time `time`, and stands still there: everything before it has happened, and
  /// nothing else. The agents are gone, but none has reached its boundary, and run() or another
  /// run_to() goes on from there as if it had not been interrupted; so does each fork(). Returns
  /// what was cut; the reports so far come with the summary of the run that goes on.
  ///
  /// What agents need for it is said in docs/reliability.md. Handles of the agents end; the names
  /// that they have stay. A boundary of the user's own is to be the one that run() will get.
  /// Errors: those of run(); bad_argument if `time` is not after where the world is, or not before
  ///         its end; and, as SimulationError, that agents cannot be put into bytes.
  CutRecord run_to(double time, Boundary boundary) {
    detail::set_boundary(*world_, std::move(boundary));
    if (!(time < world_->end_time.load()))
      throw UsageError(Errc::bad_argument, "a run to " + exact_text(time) +
                                               " s, of a world that ends at " +
                                               exact_text(world_->end_time.load()) + " s");
    world_->stands_at = time;
    (void)run_world();
    if (world_->present == nullptr)
      throw UsageError(Errc::not_supported, "the resource of this simulation makes no cuts");
    const CutRecord record = world_->cuts.back();
    RunOptions options = world_->options;
    world_ = world_->fork(std::move(options), this);
    resource_ = again(resource_);
    return record;
  }
  CutRecord run_to(double time) requires(!OwnBoundary<Boundary>) {
    return run_to(time, Boundary(Instant::never().absorption));
  }

  /// A future of the world that stands still here (see run_to()), for a thread to run: with other
  /// `options`, constants (provide()) or injected lambdas, where something is to differ. With
  /// another seed, what agents draw from then on does. Any number of futures may run at the same
  /// time.
  ///
  /// Threads: from anywhere, while this simulation is not run.
  [[nodiscard]] ForwardSimulation fork(RunOptions options) const {
    return ForwardSimulation(*this, std::move(options));
  }
  [[nodiscard]] ForwardSimulation fork() const { return fork(world_->options); }

  /// Before a run that goes on as another one (a fork, or with snapshot.from and snapshot.branch):
  /// lets an agent, by its id or name, absorb `function(T&, arguments...)` first. What it may
  /// capture is said at ChannelWriter::send. Lambdas come in the order of the calls. The run fails,
  /// with bad_argument, if there is no such agent, or if it begins with a set-up.
  template <class T, class F, class... Args>
  void inject(AgentId agent, F&& function, Args&&... arguments) {
    inject_into<T>(agent, {}, std::forward<F>(function), std::forward<Args>(arguments)...);
  }
  template <class T, class F, class... Args>
  void inject(const std::string& name, F&& function, Args&&... arguments) {
    inject_into<T>({}, name, std::forward<F>(function), std::forward<Args>(arguments)...);
  }

  [[nodiscard]] Resource& resource() { return resource_; }
  [[nodiscard]] World& world() { return *world_; }

  // The façade.

  /// Options of the default simulation of this thread, from now on; before its first agent is
  /// created.
  static void configure(RunOptions options) {
    default_run().is_configured = true;
    default_run().simulation.emplace(std::move(options));
  }

  /// The space of the current simulation; before its first agent is created.
  static void space(const Space& space) { current().set_space(space); }

  /// Runs the current simulation to a boundary made of `arguments`: `start(100)`.
  template <class... Args>
  static RunSummary start(Args&&... arguments) {
    ForwardSimulation& simulation = current();
    const RenewDefault renewal{simulation};
    RunSummary summary = simulation.run(Boundary(std::forward<Args>(arguments)...));
    if constexpr (KnowsProcess<Resource>)
      if (simulation.is_default() && !default_run().is_configured)
        Resource::run_has_ended(simulation.world_->options, summary);
    return summary;
  }

  /// The simulation that `new Agent` and the static functions refer to on this thread.
  static ForwardSimulation& current() {
    const detail::EventContext* context = detail::EventContext::current();
    if (context != nullptr && context->world().simulation_type == typeid(ForwardSimulation))
      return *static_cast<ForwardSimulation*>(context->world().simulation_object);
    DefaultRun& run = default_run();
    if (!run.simulation) {
      if constexpr (KnowsProcess<Resource>)
        run.simulation.emplace(Resource::options_of_run(run.number));
      else
        run.simulation.emplace();
    }
    return *run.simulation;
  }

  /// For Agent: the context in which it is being created.
  static detail::EventContext& context() {
    detail::EventContext* context = detail::EventContext::current();
    if (context != nullptr && context->world().simulation_type == typeid(ForwardSimulation))
      return *context;
    return current().world_->setup;
  }

private:
  ForwardSimulation(const ForwardSimulation& now, RunOptions options)
      : resource_(again(now.resource_)), world_(now.world_->fork(std::move(options), this)) {
    if (world_->present == nullptr)
      throw UsageError(Errc::bad_argument,
                       "fork() is for a world that stands still: run_to() is to "
                       "come before it");
  }

  RunSummary run_world() {
    const detail::EventContext::Scope outside(nullptr);
    world_->begin_run();
    return resource_.run(*world_);
  }

  // A resource that belongs to its run says how another one like it is made.
  [[nodiscard]] static Resource again(const Resource& resource) {
    if constexpr (requires { resource.again(); })
      return resource.again();
    else
      return resource;
  }

  template <class T, class F, class... Args>
  void inject_into(AgentId agent, std::string name, F&& function, Args&&... arguments) {
    detail::require_portable<F, Args...>();
    detail::Closure* lambda = detail::make_closure<detail::Portability::portable, T>(
        nullptr, std::forward<F>(function), std::forward<Args>(arguments)...);
    world_->injected.push_back({agent, std::move(name), lambda});
  }

  struct DefaultRun {
    std::optional<ForwardSimulation> simulation;
    bool is_configured = false;
    std::uint32_t number = 1; // counts the runs of this thread
  };

  /// Replaces the default simulation after its run, however that ended.
  struct RenewDefault {
    ForwardSimulation& simulation;
    ~RenewDefault() {
      if (!simulation.is_default())
        return;
      DefaultRun& run = default_run();
      ++run.number;
      if (run.is_configured)
        run.simulation.emplace(RunOptions(simulation.world_->options));
      else
        run.simulation.reset();
    }
  };

  static DefaultRun& default_run() { return detail::of_this_thread<DefaultRun>(); }
  [[nodiscard]] bool is_default() const {
    const std::optional<ForwardSimulation>& simulation = default_run().simulation;
    return simulation && &*simulation == this;
  }

  Resource resource_;
  std::unique_ptr<World> world_;
};

} // namespace stos

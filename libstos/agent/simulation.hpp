#pragma once

#include "libstos/agent/agent.hpp"
#include "libstos/agent/agent_wrapper.hpp"
#include "libstos/agent/boundary.hpp"
#include "libstos/agent/channel_writer.hpp"
#include "libstos/agent/engine.hpp"
#include "libstos/base/by_type.hpp"

#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

namespace stos {

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
/// and scopes, at the same time:
/// @code
///   MySimulation simulation(options);
///   { auto scope = simulation.set_up(); new Ping({0, 0, 0, 0}); }
///   RunSummary summary = simulation.run(100);
/// @endcode
///
/// Threads: one thread sets up and runs one object; different objects are independent.
/// Errors:  run() and start() throw SimulationError when the model fails.
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

  /// Runs from the beginning of time to the boundary; all agents are deleted then.
  RunSummary run(Boundary boundary) {
    detail::set_boundary(*world_, std::move(boundary));
    const detail::EventContext::Scope outside(nullptr);
    world_->begin_run();
    return resource_.run(*world_);
  }

  [[nodiscard]] Resource& resource() { return resource_; }
  [[nodiscard]] World& world() { return *world_; }

  // The façade.

  /// Options of the default simulation of this thread; before its first agent is created.
  static void configure(RunOptions options) { default_simulation().emplace(std::move(options)); }

  /// The space of the current simulation; before its first agent is created.
  static void space(const Space& space) { current().set_space(space); }

  /// Runs the current simulation to a boundary made of `arguments`: `start(100)`.
  template <class... Args>
  static RunSummary start(Args&&... arguments) {
    ForwardSimulation& simulation = current();
    const RenewDefault renewal{simulation};
    return simulation.run(Boundary(std::forward<Args>(arguments)...));
  }

  /// The simulation that `new Agent` and the static functions refer to on this thread.
  static ForwardSimulation& current() {
    const detail::EventContext* context = detail::EventContext::current();
    if (context != nullptr && context->world().simulation_type == typeid(ForwardSimulation))
      return *static_cast<ForwardSimulation*>(context->world().simulation_object);
    if (!default_simulation())
      default_simulation().emplace();
    return *default_simulation();
  }

  /// For Agent: the context in which it is being created.
  static detail::EventContext& context() {
    detail::EventContext* context = detail::EventContext::current();
    if (context != nullptr && context->world().simulation_type == typeid(ForwardSimulation))
      return *context;
    return current().world_->setup;
  }

private:
  /// Replaces the default simulation after its run, however that ended.
  struct RenewDefault {
    ForwardSimulation& simulation;
    ~RenewDefault() {
      if (default_simulation() && &*default_simulation() == &simulation)
        default_simulation().emplace(RunOptions(simulation.world_->options));
    }
  };

  static std::optional<ForwardSimulation>& default_simulation() {
    return detail::of_this_thread<std::optional<ForwardSimulation>>();
  }

  Resource resource_;
  std::unique_ptr<World> world_;
};

} // namespace stos

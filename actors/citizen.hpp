#pragma once

#include "actors/agents/handle_members.hpp"
#include "actors/messages/caf_types.hpp"
#include "actors/thread_pool.hpp"
#include "libstos/agent/agent.hpp"
#include "libstos/code/closure.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <string>
#include <utility>

namespace stos {

/// The CAF handle of an agent, during set-up, in the event that creates it, or in its own events.
///
/// Ordinary actors can monitor it (a down message follows die() or the boundary), link to it, and
/// send it messages and requests, which the agent's `make_behavior()` handlers answer. A message
/// from outside has no point of emission, so the engine gives it one: as early as its promises to
/// other agents allow. It is an event then, in the digest as any other; so runs with such messages
/// agree only if they come at the same points. An exit message lets the agent die().
template <class Derived, class Simulation>
[[nodiscard]] caf::actor actor_handle(Agent<Derived, Simulation>& agent) {
  detail::Cell& cell = detail::cell_of(agent);
  auto* simulation = static_cast<Simulation*>(cell.world->simulation_object);
  return caf::actor_cast<caf::actor>(
      caf::strong_actor_ptr(simulation->resource().actor_of(cell).ctrl()));
}

/// Lets ordinary actors find the agent by `name`, on any node and from foreign processes: see
/// find_agent(). During set-up, or in an event of the agent's own or its creator's. The name is the
/// agent's for the whole simulation. Throws UsageError (bad_argument) if another agent has it; of
/// agents that are named in events on different nodes no node compares the names: then a search
/// finds one of them.
template <class Derived, class Simulation>
void name_agent(Agent<Derived, Simulation>& agent, const std::string& name) {
  detail::Cell& cell = detail::cell_of(agent);
  static_cast<Simulation*>(cell.world->simulation_object)->resource().name_agent(cell, name);
}

namespace detail {

/// The agent behind `handle`; throws UsageError if it is no agent of this process.
AgentActor& agent_behind(const caf::actor& handle);

/// What find_agent() does once there is a node to be asked.
[[nodiscard]] Result<caf::actor> ask_for_agent(caf::actor_system& system, const caf::actor& node,
                                               const FindAgent& wanted, caf::timespan timeout);

SpacetimeStamp stamp_of(const AgentBase& agent);
caf::strong_actor_ptr sender_of(const AgentBase& agent);

/// Whether the agent is deleted as a copy that is no part of the run, see EventContext.
bool has_no_effect(const AgentBase& agent);

} // namespace detail

/// Lets the agent behind `handle` absorb `function(T&, arguments...)`, from any thread or actor.
/// Nothing happens if the agent has ended, or ends before that.
/// On several nodes the agent may be elsewhere; so the lambda must be able to travel, as those of
/// send(). The handle has to come from this process.
template <class T, class F, class... Args>
void inject(const caf::actor& handle, F&& function, Args&&... arguments) {
  detail::require_portable<F, Args...>();
  detail::agent_behind(handle).inject(*detail::make_closure<detail::Portability::portable, T>(
      nullptr, std::forward<F>(function), std::forward<Args>(arguments)...));
}

/// The same for a lambda that is bound to this process, whatever it captures. Throws UsageError
/// (not_supported) if the agent is on another node.
template <class T, class F, class... Args>
void inject_local(const caf::actor& handle, F&& function, Args&&... arguments) {
  detail::agent_behind(handle).inject(*detail::make_closure<detail::Portability::node_bound, T>(
      nullptr, std::forward<F>(function), std::forward<Args>(arguments)...));
}

/// Looks for an agent of a simulation that runs on a cluster, from any process whose actor system
/// has CAF's middleman: asks the node at `host:port`. Returns the agent's handle, which can be
/// monitored and asked, wherever the agent lives and moves to; or bad_argument if there is no such
/// agent or simulation, io_error if no node answers there within `timeout`. In a process that is a
/// node itself, see ClusterNode::find_agent(). Blocks the calling thread.
///
/// The process shows the certificate of `tls`, of the kind `process`; or the user's own one.
[[nodiscard]] Result<caf::actor> find_agent(caf::actor_system& system, const std::string& host,
                                            std::uint16_t port, const FindAgent& wanted,
                                            caf::timespan timeout, const TlsOptions& tls = {},
                                            bool insecure = false);

/// From an agent's event to an ordinary actor: it gets (SpacetimeStamp, arguments...), with the
/// agent as sender. What is executed is never taken back, so the message leaves at once.
template <class... Args>
void tell(const AgentBase& agent, const caf::actor& receiver, Args&&... arguments) {
  if (detail::has_no_effect(agent))
    return;
  caf_version::enqueue(
      receiver, detail::sender_of(agent),
      caf::make_message(detail::stamp_of(agent), std::forward<Args>(arguments)...));
}

} // namespace stos

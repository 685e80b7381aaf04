#pragma once

#include "actors/caf_types.hpp"
#include "actors/thread_pool.hpp"
#include "libstos/agent/agent.hpp"
#include "libstos/agent/closure.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>

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

namespace detail {

/// The agent behind `handle`; throws UsageError if it is no agent of this process.
AgentActor& agent_behind(const caf::actor& handle);

SpacetimeStamp stamp_of(const AgentBase& agent);
caf::strong_actor_ptr sender_of(const AgentBase& agent);

} // namespace detail

/// Lets the agent behind `handle` absorb `function(T&, arguments...)`, from any thread or actor.
/// Nothing happens if the agent has ended, or ends before that.
template <class T, class F, class... Args>
void inject(const caf::actor& handle, F&& function, Args&&... arguments) {
  detail::agent_behind(handle).inject(*detail::make_closure<detail::Portability::node_bound, T>(
      nullptr, std::forward<F>(function), std::forward<Args>(arguments)...));
}

/// From an agent's event to an ordinary actor: it gets (SpacetimeStamp, arguments...), with the
/// agent as sender. What is executed is never taken back, so the message leaves at once.
template <class... Args>
void tell(const AgentBase& agent, const caf::actor& receiver, Args&&... arguments) {
  receiver->eq_impl(caf::make_message_id(), detail::sender_of(agent), nullptr,
                    caf::make_message(detail::stamp_of(agent), std::forward<Args>(arguments)...));
}

} // namespace stos

#pragma once

#include "actors/citizen.hpp"
#include "actors/replicated_agents.hpp"
#include "libstos/base/bytes.hpp"
#include "libstos/service/keyed/calls.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Commands and queries from agents in spacetime to replicated agents.
///
/// The set-up provides the ReplicatedAgents, in whose actor system the simulation lives:
/// @code
///   ReplicatedAgents agents(std::move(types));
///   Simulation simulation(options, beside<2>(agents)); // of a ThreadPool<2>
///   simulation.provide(agents);
/// @endcode
/// and an agent's event says
/// @code
///   command_agent<Account>(*this, "bank", "alice", Deposit{100},
///                          [](Merchant& self, const auto& balance) {
///                            self.is_paid = static_cast<bool>(balance);
///                          });
/// @endcode
///
/// A call leaves at once, and its answer is absorbed by the agent as an injected lambda
/// (citizen.hpp): at some point of its trajectory, wherever it lives by then, and as an event that
/// cuts and traces have like others. Runs with answers have one digest only if these come at the
/// same points; runs without, by calls that give no lambda, always. The run does not wait for
/// answers: an agent that does needs timers to go on, and answers that come after its end, or the
/// run's, are dropped. What was commanded is done nevertheless.
///
/// A run that goes on from a cut, after a node was lost, executes again what came after the cut,
/// and commands again what was commanded there. Where that matters, let a command say what it is
/// about (its time of the model, say), so that the replicated agent knows what it has done already.
namespace stos {

namespace detail {

template <class Reply, class T, class F>
void call_from(T& agent, keyed::Call call, F on_answer) {
  if (has_no_effect(agent))
    return;
  const auto& agents = agent.template provided<ReplicatedAgents>();
  if constexpr (std::is_same_v<F, std::nullptr_t>) {
    agents.call(std::move(call), [](keyed::Answer) {});
  } else {
    agents.call(std::move(call),
                [handle = actor_handle(agent), on_answer](const keyed::Answer& answer) {
                  BytesWriter out;
                  write(answer, out);
                  inject<T>(
                      handle,
                      [on_answer](T& self, const std::vector<std::byte>& bytes) {
                        BytesReader in(bytes);
                        const keyed::Replied<Reply> replied(keyed::read_answer(in));
                        on_answer(self, replied);
                      },
                      out.take());
                });
  }
}

} // namespace detail

/// Workers for simulations whose agents call replicated ones: in their actor system, and on their
/// node if there is one.
template <std::uint32_t N>
[[nodiscard]] ThreadPool<N> beside(const ReplicatedAgents& agents) {
  return agents.node() != nullptr ? ThreadPool<N>(agents.system(), *agents.node())
                                  : ThreadPool<N>(agents.system());
}

/// In an event of `agent`: gives the replicated agent of class A with this key a command. Its
/// reply, or why there is none, comes as `on_answer(agent, replied)`, of a keyed::RepliedTo<A, C>;
/// with no `on_answer`, it does not come. Throws UsageError (bad_argument) if the set-up has
/// provided no ReplicatedAgents, not_supported if the simulation does not live in an actor system.
template <class A, class T, class C, class F = std::nullptr_t>
void command_agent(T& agent, std::string quota, std::string key, const C& command,
                   F on_answer = nullptr) {
  detail::call_from<keyed::CommandReply<A, C>>(
      agent, keyed::command_call<A>(std::move(quota), std::move(key), command), on_answer);
}

/// The same with a query.
template <class A, class T, class Q, class F>
void query_agent(T& agent, std::string quota, std::string key, const Q& query, F on_answer,
                 keyed::Read read = keyed::Read::latest) {
  detail::call_from<keyed::QueryReply<A, Q>>(
      agent, keyed::query_call<A>(std::move(quota), std::move(key), query, read), on_answer);
}

} // namespace stos

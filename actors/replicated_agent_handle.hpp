#pragma once

#include "actors/messages/service_messages.hpp"
#include "actors/replicated_agents.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/sec.hpp>
#include <caf/unit.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace stos {

namespace detail {

/// Stands for one replicated agent among ordinary actors.
template <class A>
class AgentStandIn final : public caf::event_based_actor {
public:
  AgentStandIn(caf::actor_config& config, caf::actor host, std::string quota, std::string key,
               std::uint64_t patience_ms)
      : caf::event_based_actor(config), host_(std::move(host)), quota_(std::move(quota)),
        key_(std::move(key)), patience_ms_(patience_ms) {}

  caf::behavior make_behavior() override {
    return handlers(typename A::Commands{}, typename A::Queries{});
  }
  const char* name() const override { return "stos.agent_stand_in"; }

private:
  template <class... Cs, class... Qs>
  caf::behavior handlers(keyed::Commands<Cs...>, keyed::Queries<Qs...>) {
    return {[this](const Cs& command) {
              return ask<keyed::CommandReply<A, Cs>>(keyed::command_call<A>(quota_, key_, command));
            }...,
            [this](const Qs& query) {
              return ask<keyed::QueryReply<A, Qs>>(keyed::query_call<A>(quota_, key_, query));
            }...};
  }

  template <class Reply>
  caf::response_promise ask(const keyed::Call& call) {
    auto promise = make_response_promise();
    request(host_, caf::infinite, HostCall{{keyed::encode(call)}, call.is_command, patience_ms_})
        .then(
            [promise](const HostAnswer& answer) mutable {
              BytesReader in(answer.answer.data);
              const keyed::Replied<Reply> replied(keyed::read_answer(in));
              if (!replied)
                promise.deliver(caf::make_error(caf::sec::runtime_error, replied.error()));
              else if constexpr (std::is_same_v<Reply, keyed::Nothing>)
                promise.deliver(caf::unit);
              else
                promise.deliver(*replied);
            },
            [promise](const caf::error& problem) mutable { promise.deliver(problem); });
    return promise;
  }

  caf::actor host_;
  std::string quota_;
  std::string key_;
  std::uint64_t patience_ms_;
};

} // namespace detail

/// The agent of class A with this key as a CAF actor of `system`, which the commands and queries of
/// A can be sent to, and requested of; it can be sent to other nodes. What there is instead of a
/// reply is an error (sec::runtime_error) with the outcome's name. CAF has to know the types of
/// commands, queries and replies (CAF_ADD_TYPE_ID); a reply that is Nothing has no value.
///
/// The actor lives as long as handles to it do; `agents` has to outlive it.
template <class A>
[[nodiscard]] caf::actor agent_handle(caf::actor_system& system, ReplicatedAgents& agents,
                                      std::string quota, std::string key) {
  static_assert(keyed::detail::check_agent_type<A>());
  return system.spawn<detail::AgentStandIn<A>>(
      agents.host(), std::move(quota), std::move(key),
      static_cast<std::uint64_t>(agents.patience().count()));
}

} // namespace stos

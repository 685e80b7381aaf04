#pragma once

#include "actors/messages/cluster_messages.hpp"
#include "actors/messages/service_messages.hpp"
#include "actors/replicated_agents.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/default_attachable.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/response_promise.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/unit.hpp>

#include <atomic>
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
               std::uint64_t patience_ms, bool ends_with_agent)
      : caf::event_based_actor(config), host_(std::move(host)), quota_(std::move(quota)),
        key_(std::move(key)), patience_ms_(patience_ms), is_watched_(ends_with_agent) {}

  caf::behavior make_behavior() override {
    if (is_watched_)
      watch();
    return handlers(typename A::Commands{}, typename A::Queries{});
  }
  const char* name() const override { return "stos.agent_stand_in"; }

  /// From any thread. CAF's own watching, of an actor whose handle was sent to another node, is no
  /// wish to hear of the agent.
  void attach(caf::attachable_ptr observer) override {
    const bool is_of_actor = dynamic_cast<caf::default_attachable*>(observer.get()) != nullptr;
    caf::event_based_actor::attach(std::move(observer));
    if (is_of_actor && !is_watched_.exchange(true))
      caf::anon_send(caf::actor_cast<caf::actor>(this), LookMessage{});
  }

private:
  template <class... Cs, class... Qs>
  caf::behavior handlers(keyed::Commands<Cs...>, keyed::Queries<Qs...>) {
    return {[this](LookMessage) { watch(); },
            [this](const HostWatchEnd& end) {
              quit(caf::make_error(caf::exit_reason::user_shutdown, end.why));
            },
            [this](const Cs& command) {
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
            [this, promise](const HostAnswer& answer) mutable {
              BytesReader in(answer.answer.data);
              const keyed::Replied<Reply> replied(keyed::read_answer(in));
              if (replied && !std::exchange(was_active_, true) && is_watched_)
                watch();
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

  void watch() {
    BytesWriter id;
    write(keyed::Id{quota_, std::string(A::name), key_}, id);
    send(host_, HostWatch{{id.take()}, was_active_});
  }

  caf::actor host_;
  std::string quota_;
  std::string key_;
  std::uint64_t patience_ms_;
  std::atomic<bool> is_watched_; ///< it ends with the agent
  bool was_active_ = false;      ///< as this actor has heard
};

} // namespace detail

/// The agent of class A with this key as a CAF actor of `system`, which the commands and queries of
/// A can be sent to, and requested of; it can be sent to other nodes. What there is instead of a
/// reply is an error (sec::runtime_error) with the outcome's name. CAF has to know the types of
/// commands, queries and replies (CAF_ADD_TYPE_ID); a reply that is Nothing has no value.
///
/// Once an actor of this process monitors it or links to it, or from the beginning if it
/// `ends_with_agent` (for monitors on other nodes), the actor ends when the agent is deactivated,
/// or is another one than the one that was there; if the agent is not there yet, when it has come
/// and gone. (An agent that goes within the first second counts as not there yet, unless it has
/// answered this handle.) It ends with exit_reason::user_shutdown and a text that says why, about a
/// second later. Else it lives as long as handles to it do. `agents` has to outlive it.
template <class A>
[[nodiscard]] caf::actor agent_handle(caf::actor_system& system, ReplicatedAgents& agents,
                                      std::string quota, std::string key,
                                      bool ends_with_agent = false) {
  static_assert(keyed::detail::check_agent_type<A>());
  return system.spawn<detail::AgentStandIn<A>>(
      agents.host(), std::move(quota), std::move(key),
      static_cast<std::uint64_t>(agents.patience().count()), ends_with_agent);
}

} // namespace stos

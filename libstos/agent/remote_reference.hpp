#pragma once

#include "libstos/world/event_context.hpp"

namespace stos {

template <class T>
class ChannelWriter;
template <class Derived, class Simulation>
class Agent;

namespace detail {

template <class T>
struct Shown;

} // namespace detail

/// Names an agent that may be anywhere, for another agent to open a channel to.
///
/// Bob introduces Alice to Carol: `channelToCarol.send([alice = channelToAlice.target()](Carol& c)
/// { c.channelToAlice = ChannelWriter(c, alice); })`.
///
/// Lifetime: good in the event that took it, and in every event that absorbs a lambda sent (or a
///           timer set) after that in the same event; to pass it on from there, send renew(). Until
///           all those lambdas are absorbed, the referenced agent does not run past the place where
///           a first lambda on a new channel could reach it. Any later use throws UsageError
///           (expired_reference): the agent may be beyond that place.
/// Several:  a lambda that brings references, captured or in its arguments, is for those; one that
///           brings none, for all that its receiver may have. During set-up those are what earlier
///           lambdas have brought it, what was taken from its own channels, and what lies among its
///           members.
template <class T>
class RemoteReference {
public:
  RemoteReference() = default;

  /// The same reference, good for one flight more.
  [[nodiscard]] RemoteReference renew() const {
    detail::EventContext* context = detail::EventContext::current();
    if (context == nullptr || ticket_ == detail::Ticket{})
      throw UsageError(Errc::expired_reference, "renew() outside of an event, or of no reference");
    return RemoteReference(context->renew(ticket_));
  }

private:
  friend class ChannelWriter<T>;
  template <class Derived, class Simulation>
  friend class Agent;
  template <class U>
  friend class ChannelWriter;
  friend struct detail::Shown<RemoteReference>;

  explicit RemoteReference(const detail::Ticket& ticket) : ticket_(ticket) {}

  detail::Ticket ticket_{};
};

namespace detail {

template <class T>
inline constexpr bool is_remote_reference = false;
template <class T>
inline constexpr bool is_remote_reference<RemoteReference<T>> = true;

} // namespace detail

} // namespace stos

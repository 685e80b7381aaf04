#pragma once

#include "libstos/agent/remote_reference.hpp"
#include "libstos/code/closure.hpp"
#include "libstos/world/agent_base.hpp"
#include "libstos/world/captured_address.hpp"
#include "libstos/world/shown.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace stos {

template <class Derived, class Simulation>
class Agent;

namespace detail {

template <class T>
constexpr void require_reaction_time_of_class();

} // namespace detail

/// The sending end of a channel from one agent to another: lambdas go in, travel at the speed of
/// light, and are absorbed in the order in which they were sent.
///
/// `ChannelWriter(*alice, *bob)` opens a channel from alice to bob. Both must be either the agent
/// whose event this is or agents created in this event (or anything during set-up). To a distant
/// agent a channel is opened by means of a RemoteReference.
///
/// Moves:  an agent that moves to another node takes its channels along: its `inspect` names its
///         ChannelWriters as fields like all its other members, in containers, too. They cannot be
///         sent as arguments of lambdas.
/// Owns:   the channel; move-only, since a channel is between two fixed agents. Destroying it, or
///         assigning another one to it, closes the channel.
/// Errors: UsageError (closed_channel, wrong_agent, expired_reference).
template <class T>
class ChannelWriter {
public:
  /// No channel; send() throws until one is assigned.
  ChannelWriter() = default;

  // Not constrained to agents: within its own class, an agent is not known to be one yet.
  ChannelWriter(AgentBase& source, T& target) requires(!detail::is_remote_reference<T>)
      : channel_(&detail::EventContext::of(detail::cell_of(source))
                      .open(detail::cell_of(source), detail::cell_of(target))) {
    static_assert(std::derived_from<T, AgentBase>, "stos: a channel leads from agent to agent");
  }

  ChannelWriter(AgentBase& source, const RemoteReference<T>& target)
      : channel_(&detail::EventContext::of(detail::cell_of(source))
                      .open(detail::cell_of(source), target.ticket_)) {}

  ChannelWriter(ChannelWriter&& other) noexcept
      : channel_(std::exchange(other.channel_, nullptr)) {}
  ChannelWriter& operator=(ChannelWriter&& other) noexcept {
    if (this != &other) {
      close();
      channel_ = std::exchange(other.channel_, nullptr);
    }
    return *this;
  }
  ~ChannelWriter() { close(); }

  [[nodiscard]] explicit operator bool() const { return is_open(); }

  /// Emits a lambda that the target will execute as `function(target, arguments...)`.
  ///
  /// It must be able to travel to another node: what it captures is copied byte for byte, so it
  /// has to be trivially copyable, and must be no pointer or reference (not even `this`), which the
  /// compiler refuses where it can tell; anything else is passed in `arguments`, which are
  /// serialised: see Portable.
  template <class F, class... Args>
  void send(F&& function, Args&&... arguments) {
    detail::require_portable<F, Args...>();
    emit<detail::Portability::portable>(std::forward<F>(function),
                                        std::forward<Args>(arguments)...);
  }

  /// Emits a lambda that may capture anything, but is an error if the target is on another node.
  template <class F, class... Args>
  void send_local(F&& function, Args&&... arguments) {
    emit<detail::Portability::node_bound>(std::forward<F>(function),
                                          std::forward<Args>(arguments)...);
  }

  /// A reference to the agent at the other end, to be sent to a third agent.
  [[nodiscard]] RemoteReference<T> target() const {
    detail::Channel& channel = open_channel();
    return RemoteReference<T>(context(channel).refer(channel));
  }

  /// Nothing more will be sent. Idempotent; also done by the destructor.
  void close() {
    detail::Channel* channel = std::exchange(channel_, nullptr);
    if (channel == nullptr)
      return;
    if (!channel->closed)
      context(*channel).close(*channel);
    channel->let_go();
  }

private:
  friend struct detail::Codec<ChannelWriter>;
  friend struct detail::Shown<ChannelWriter>;

  template <detail::Portability portability, class F, class... Args>
  void emit(F&& function, Args&&... arguments) {
    detail::require_reaction_time_of_class<T>();
    if (!is_open() && detail::EventContext::puts_down(not_open()))
      return;
    detail::Channel& channel = open_channel();
    detail::EventContext& event = context(channel);
    if constexpr (portability == detail::Portability::portable)
      detail::require_no_address_in(channel.from(), function);
    event.emit(channel,
               *detail::make_closure<portability, T>(&event.pool(), std::forward<F>(function),
                                                     std::forward<Args>(arguments)...));
  }

  static detail::EventContext& context(const detail::Channel& channel) {
    return detail::EventContext::of(channel.from());
  }

  [[nodiscard]] bool is_open() const { return channel_ != nullptr && !channel_->closed; }
  [[nodiscard]] detail::Channel& open_channel() const {
    if (!is_open()) [[unlikely]]
      throw UsageError(not_open());
    return *channel_;
  }
  static Error not_open() {
    return {Errc::closed_channel, "a ChannelWriter was used that is closed or was never opened"};
  }

  detail::Channel* channel_ = nullptr;
};

template <std::derived_from<AgentBase> T>
ChannelWriter(AgentBase&, T&) -> ChannelWriter<T>;

template <class T>
ChannelWriter(AgentBase&, const RemoteReference<T>&) -> ChannelWriter<T>;

template <class T>
ChannelWriter(AgentBase&, RemoteReference<T>&) -> ChannelWriter<T>;

namespace detail {

template <class Class, class Simulation>
Class* agent_class_of(const Agent<Class, Simulation>* agent);

/// What an agent does as a class is found by the class that is named in Agent<...>, for all that
/// derive from it.
template <class T>
constexpr void require_reaction_time_of_class() {
  if constexpr (requires { T::reaction_time; }) {
    using Class = std::remove_pointer_t<decltype(agent_class_of(static_cast<T*>(nullptr)))>;
    if constexpr (requires { Class::reaction_time; })
      static_assert(T::reaction_time == Class::reaction_time,
                    "stos: the reaction time of an agent is that of the class which is named in "
                    "Agent<...>; one that derives from it cannot have another one");
    else
      static_assert(std::is_same_v<T, Class>,
                    "stos: the reaction time of an agent is that of the class which is named in "
                    "Agent<...>; one that derives from it cannot have another one");
  }
}

/// Writes the channel's number, 0 for none; reads the channel of that number of the agent that is
/// being moved. Fails in every other place.
template <class T>
struct Codec<ChannelWriter<T>> {
  static constexpr std::size_t bytes_min = 1;

  static bool save(SaveInspector& f, const ChannelWriter<T>& x) {
    const std::uint32_t number = x ? x.channel_->number.value : 0;
    f.bytes().varint(number);
    return number == 0 || f.expect(claim(number) == x.channel_);
  }

  static bool load(LoadInspector& f, ChannelWriter<T>& x) {
    const std::uint64_t number = f.bytes().varint();
    if (!f.expect(number <= ~std::uint32_t{0}))
      return false;
    x = ChannelWriter<T>();
    if (number != 0)
      x.channel_ = claim(static_cast<std::uint32_t>(number));
    return f.expect(number == 0 || x.channel_ != nullptr);
  }

private:
  static Channel* claim(std::uint32_t number) {
    const EventContext* context = EventContext::current();
    if (context == nullptr || context->transfer() == nullptr)
      return nullptr;
    return context->transfer()->claim(ChannelNumber{number});
  }
};

/// Its number and the agent that it leads to.
template <class T>
struct Shown<ChannelWriter<T>> {
  static bool show(NamingInspector& f, const ChannelWriter<T>& x) {
    return x ? show_channel(f, *x.channel_) : f.nothing();
  }
};

/// The ticket, by which a lambda that brings the reference knows it.
template <class T>
struct Shown<RemoteReference<T>> {
  static bool show(NamingInspector& f, const RemoteReference<T>& x) {
    return show_reference(f, x.ticket_);
  }
};

} // namespace detail
} // namespace stos

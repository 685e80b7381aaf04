#pragma once

#include "libstos/code/serialise.hpp"
#include "libstos/service/keyed/agent_type.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace stos::keyed {

/// The lists of what agents of a class can be asked and told. A query or command is known by its
/// place in the list: add new ones at the end.
template <class... Qs>
struct Queries {};
template <class... Cs>
struct Commands {};

/// The reply of a callback that returns nothing.
struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};

namespace detail {

template <class T>
using ReplyType = std::conditional_t<std::is_void_v<T>, Nothing, std::decay_t<T>>;

template <class A, class Q>
concept QueryWithContext = requires(const A& agent, const Q& query, const QueryContext& context) {
  agent.query(query, context);
};
template <class A, class Q>
concept QueryAlone = requires(const A& agent, const Q& query) {
  agent.query(query);
};
template <class A, class C>
concept CommandWithContext = requires(A& agent, const C& command, CommandContext& context) {
  agent.command(command, context);
};
template <class A, class C>
concept CommandAlone = requires(A& agent, const C& command) {
  agent.command(command);
};
template <class A>
concept HasTimeout = requires(A& agent, TimeoutContext& context) {
  agent.timeout(context);
};

template <class A, class Q>
decltype(auto) call_query(const A& agent, const Q& query, const QueryContext& context) {
  static_assert(QueryWithContext<A, Q> || QueryAlone<A, Q>,
                "stos: this agent type lists a query that it does not answer: give it `Reply "
                "query(const Q&) const` or `Reply query(const Q&, const QueryContext&) const`");
  if constexpr (QueryWithContext<A, Q>)
    return agent.query(query, context);
  else if constexpr (QueryAlone<A, Q>)
    return agent.query(query);
}

template <class A, class C>
decltype(auto) call_command(A& agent, const C& command, CommandContext& context) {
  static_assert(CommandWithContext<A, C> || CommandAlone<A, C>,
                "stos: this agent type lists a command that it does not take: give it `Reply "
                "command(const C&, CommandContext&)` or `Reply command(const C&)`");
  if constexpr (CommandWithContext<A, C>)
    return agent.command(command, context);
  else if constexpr (CommandAlone<A, C>)
    return agent.command(command);
}

template <class A, class C>
constexpr bool is_noexcept_command() {
  if constexpr (CommandWithContext<A, C>)
    return noexcept(
        std::declval<A&>().command(std::declval<const C&>(), std::declval<CommandContext&>()));
  else
    return noexcept(std::declval<A&>().command(std::declval<const C&>()));
}

} // namespace detail

template <class A, class Q>
using QueryReply = detail::ReplyType<decltype(detail::call_query(
    std::declval<const A&>(), std::declval<const Q&>(), std::declval<const QueryContext&>()))>;
template <class A, class C>
using CommandReply = detail::ReplyType<decltype(detail::call_command(
    std::declval<A&>(), std::declval<const C&>(), std::declval<CommandContext&>()))>;

/// What callbacks with side effects are given: what has happened, for good. Null is an agent that
/// is not active.
template <class A, class Q>
struct AfterQuery {
  const Id& id;
  const A& agent;
  const Q& query;
  const QueryReply<A, Q>& reply;
};
template <class A, class C>
struct AfterCommand {
  const Id& id;
  const A* before;
  const C& command;
  const CommandReply<A, C>& reply;
  const A* after;
};
template <class A>
struct AfterTimeout {
  const Id& id;
  const A* before;
  Time now;
  const A* after;
};

namespace detail {

template <class T, class... Ts>
constexpr std::uint32_t index_among() {
  static_assert((std::same_as<T, Ts> || ...),
                "stos: this agent type does not list such a query or command: add it to its "
                "`Queries<...>` or `Commands<...>`");
  constexpr bool is_it[] = {std::same_as<T, Ts>...};
  std::uint32_t index = 0;
  while (!is_it[index])
    ++index;
  return index;
}
template <class T, class... Ts>
constexpr std::uint32_t number_in(Queries<Ts...>) {
  return index_among<T, Ts...>();
}
template <class T, class... Ts>
constexpr std::uint32_t number_in(Commands<Ts...>) {
  return index_among<T, Ts...>();
}

template <class A, class... Qs>
constexpr bool check_queries(Queries<Qs...>) {
  static_assert((Portable<Qs> && ...), "stos: a query of this agent type cannot be sent to other "
                                       "nodes: give it a CAF `inspect` overload");
  static_assert((Portable<QueryReply<A, Qs>> && ...),
                "stos: a reply of this agent type cannot be sent to other nodes: give it a CAF "
                "`inspect` overload");
  return true;
}
template <class A, class... Cs>
constexpr bool check_commands(Commands<Cs...>) {
  static_assert((Portable<Cs> && ...), "stos: a command of this agent type cannot be sent to other "
                                       "nodes: give it a CAF `inspect` overload");
  static_assert((Portable<CommandReply<A, Cs>> && ...),
                "stos: a reply of this agent type cannot be sent to other nodes: give it a CAF "
                "`inspect` overload");
  return true;
}

/// Everything that a class of agents has to have; the compiler says what is missing.
template <class A>
constexpr bool check_agent_type() {
  static_assert(
      requires { std::string_view(A::name); },
      "stos: an agent type needs a name: `static constexpr std::string_view name`");
  static_assert(
      requires { typename A::Queries; } && requires { typename A::Commands; },
      "stos: an agent type needs the lists of what it can be asked and told: `using "
      "Queries = stos::keyed::Queries<...>` and `using Commands = "
      "stos::keyed::Commands<...>`");
  static_assert(Portable<A> && std::default_initializable<A> && std::copy_constructible<A>,
                "stos: the state of an agent type is kept on other nodes: it needs a CAF `inspect` "
                "overload, a default constructor and a copy constructor");
  return check_queries<A>(typename A::Queries{}) && check_commands<A>(typename A::Commands{});
}

template <class A, class List>
struct AfterFunctions;
template <class A, class... Qs>
struct AfterFunctions<A, Queries<Qs...>> {
  using type = std::tuple<std::function<void(const AfterQuery<A, Qs>&)>...>;
};
template <class A, class... Cs>
struct AfterFunctions<A, Commands<Cs...>> {
  using type = std::tuple<std::function<void(const AfterCommand<A, Cs>&)>...>;
};

/// Calls `f` with the type of this number, or says that there is none.
template <template <class...> class List, class... Ts, class F>
Called by_number(List<Ts...>, std::uint32_t number, const char* what, F&& f) {
  Called called;
  std::uint32_t i = 0;
  const bool found = ((i++ == number && (called = f.template operator()<Ts>(), true)) || ...);
  if (!found)
    called = {Called::How::is_no_call,
              {},
              std::string("there is no ") + what + " with number " + std::to_string(number)};
  return called;
}

} // namespace detail

} // namespace stos::keyed

#pragma once

#include "libstos/base/assert.hpp"
#include "libstos/service/keyed/typed_agent.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace stos::keyed {

/// The classes of replicated agents that a program has; the same in all processes of a cluster.
///
/// An agent type is a class whose objects are the state. It has a name, the lists of what its
/// agents can be asked and told, and its pure callbacks, which run on every replica:
/// @code
///   struct Balance {};
///   struct Deposit {
///     std::int64_t cents = 0;
///   };
///   struct Account {
///     static constexpr std::string_view name = "account";
///     using Queries = stos::keyed::Queries<Balance>;
///     using Commands = stos::keyed::Commands<Deposit>;
///
///     std::int64_t cents = 0;
///
///     std::int64_t query(const Balance&) const { return cents; }
///     std::int64_t command(const Deposit& deposit, stos::keyed::CommandContext& context) {
///       context.on_tick(stos::keyed::OnTick::deactivate_after_idle(30));
///       return cents += deposit.cents;
///     }
///   };
/// @endcode
/// (Account, like what is asked, told and replied, can be saved: it has an `inspect`, or is
/// trivially copyable.) A command for an agent that is not active works on a new object of the
/// class; a query for one is answered with agent_not_found. `void timeout(TimeoutContext&)` is
/// called where OnTick::timeout_after() was asked for. What a callback throws changes nothing, and
/// its text goes to the caller. So that this is so, a command works on a copy of the state; one
/// that is `noexcept` and has a reply of plain bytes, mostly on the state itself.
///
/// What is to be done outside is registered here:
/// @code
///   AgentTypes types;
///   types.add<Account>().after_command<Deposit>([](const AfterCommand<Account, Deposit>& x) {
///     tell_the_auditor(x.id, x.command.cents);
///   });
/// @endcode
///
/// Threads: add everything first; then any thread may read.
class AgentTypes {
public:
  /// @pre no class of that name was added
  template <class A>
  TypedAgent<A>& add() {
    static_assert(detail::check_agent_type<A>());
    auto type = std::make_unique<TypedAgent<A>>();
    TypedAgent<A>& added = *type;
    const bool is_new = types_.emplace(std::string(A::name), std::move(type)).second;
    STOS_ASSERT(is_new, "two agent types of one name");
    return added;
  }

  /// Null if there is none.
  [[nodiscard]] const detail::AgentType* find(std::string_view name) const {
    const auto at = types_.find(name);
    return at == types_.end() ? nullptr : at->second.get();
  }

private:
  std::map<std::string, std::unique_ptr<detail::AgentType>, std::less<>> types_;
};

} // namespace stos::keyed

#pragma once

#include "libstos/base/errc.hpp"

#include <cstdint>

namespace stos::detail {

struct AgentOps;
struct ClosureOps;

/// Enters a class of lambdas or agents into the list of what the program is made of.
///
/// By this list a node finds what another one has sent, whether or not it has ever executed that
/// piece of the program itself: the template that makes such a class has a Registered as a static
/// data member, whose constructor runs before main wherever in the program the class occurs. From
/// then on the list is constant. An index is made of it at the first look-up; what a library brings
/// that is loaded later is unknown.
///
/// Ids are hashes of the names that the compiler gives to types, equal in all processes that run
/// one binary. Two types have one name if they are in unnamed namespaces or static functions of
/// two source files, and are called alike there. Neither of them can be found then. A class that
/// the program and a shared library both have, since both include its header, is one class.
template <class Ops>
struct Registered {
  explicit Registered(const Ops& registered);
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

  const Ops& ops;
  const Registered* const next;
};

extern template struct Registered<ClosureOps>;
extern template struct Registered<AgentOps>;

/// The class with this `type_id`, of lambdas that can travel or of agents. Null if there is none,
/// or two. O(1). Threads: any, from main on.
[[nodiscard]] const ClosureOps* find_closure(std::uint64_t type_id);
[[nodiscard]] const AgentOps* find_agent_type(std::uint64_t type_id);

/// Why there is none (Errc::not_supported). @pre the function above has returned null
[[nodiscard]] Error no_closure(std::uint64_t type_id);
[[nodiscard]] Error no_agent_type(std::uint64_t type_id);

/// Whether lambdas of this class can be sent to another node, and found there. O(1).
[[nodiscard]] bool can_travel(const ClosureOps& ops);

/// Why not (Errc::not_supported). @pre !can_travel(ops)
[[nodiscard]] Error cannot_travel(const ClosureOps& ops);

} // namespace stos::detail

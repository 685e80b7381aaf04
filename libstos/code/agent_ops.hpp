#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <typeinfo>

namespace stos {

class AgentBase;
class BytesReader;
class BytesWriter;
class NamingInspector;

namespace detail {

/// What the engine knows of an agent's class.
struct AgentOps {
  const char* type_name;
  std::uint64_t type_id; ///< for find_agent_type()
  double reaction_time;
  void (*destroy)(AgentBase&);
  const void* hooks; ///< of the resource that executes it, see ThreadPool; may be null

  /// Whether there is an `inspect` overload for it. Without a default constructor that is not
  /// enough to move to another node.
  bool has_inspect;

  /// Appends the agent's own members. The writer fails if its `inspect` does. Null, as `load`, for
  /// classes that cannot move to another node: see AgentMaker.
  void (*save)(const AgentBase&, BytesWriter&);

  /// The agent again, for the record that the current event restores. Null, and the reader has
  /// failed, if the input is none. Throws what its constructor and `inspect` do.
  AgentBase* (*load)(BytesReader&);

  /// Shows the agent's own members, with the names of their fields. The inspector fails if its
  /// `inspect` does, which may also throw. Null if there is none.
  void (*show)(const AgentBase&, NamingInspector&);

  /// The memory of the agent itself, without what it points to.
  std::span<const std::byte> (*object)(const AgentBase&);

  const std::type_info* type; ///< agents may be of classes that derive from it

  /// Why no agent of the class can be put into bytes, as the class itself says; else null.
  const char* stays_because;
};

} // namespace detail
} // namespace stos

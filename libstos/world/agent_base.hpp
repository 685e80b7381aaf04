#pragma once

#include "libstos/world/event_context.hpp"

#include <cstddef>
#include <new>

namespace stos {

/// What all agents have in common, whatever their class and simulation: a record in the engine.
class AgentBase {
public:
  AgentBase(const AgentBase&) = delete;
  AgentBase& operator=(const AgentBase&) = delete;
  virtual ~AgentBase();

  /// The memory of an agent is all zeros before its constructor runs. References are looked for in
  /// it during set-up (see IssuedReferences), and what was there before must not look like one.
  static void* operator new(std::size_t bytes);
  static void* operator new(std::size_t bytes, std::align_val_t alignment);
  static void operator delete(void* memory) noexcept;
  static void operator delete(void* memory, std::align_val_t alignment) noexcept;

  /// Its name: a function of the program alone, equal on every engine.
  [[nodiscard]] AgentId id() const { return cell_->id; }

protected:
  AgentBase(detail::EventContext& context, const detail::AgentOps& ops, const Point* position,
            const Velocity<4>* velocity);

private:
  friend struct detail::CellOf;

  detail::Cell* cell_;
};

namespace detail {

/// The library's way from an agent to its record.
struct CellOf {
  static Cell& get(const AgentBase& agent) { return *agent.cell_; }
};

inline Cell& cell_of(const AgentBase& agent) { return CellOf::get(agent); }

} // namespace detail
} // namespace stos

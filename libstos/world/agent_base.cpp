#include "libstos/world/agent_base.hpp"

#include "libstos/world/world.hpp"

#include <cstring>

namespace stos {

AgentBase::AgentBase(detail::EventContext& context, const detail::AgentOps& ops,
                     const Point* position, const Velocity<4>* velocity)
    : cell_(&context.create(*this, ops, position, velocity)) {}

// The engine clears `agent` before it deletes one; an agent that gets here without that was deleted
// by the user, or its constructor threw.
AgentBase::~AgentBase() {
  if (cell_->agent == this)
    detail::EventContext::of(*cell_).destroyed_by_user(*cell_);
}

void* AgentBase::operator new(std::size_t bytes) {
  return std::memset(::operator new(bytes), 0, bytes);
}

void* AgentBase::operator new(std::size_t bytes, std::align_val_t alignment) {
  return std::memset(::operator new(bytes, alignment), 0, bytes);
}

void AgentBase::operator delete(void* memory) noexcept { ::operator delete(memory); }

void AgentBase::operator delete(void* memory, std::align_val_t alignment) noexcept {
  ::operator delete(memory, alignment);
}

} // namespace stos

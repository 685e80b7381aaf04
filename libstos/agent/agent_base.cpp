#include "libstos/agent/agent_base.hpp"

#include "libstos/agent/world.hpp"

namespace stos {

AgentBase::AgentBase(detail::EventContext& context, const detail::AgentOps& ops,
                     const Point* position, const Velocity<4>* velocity)
    : cell_(&context.create(*this, ops, position, velocity)) {}

// The engine clears `agent` before it deletes one; whoever gets here without that was deleted by
// the user, or its constructor threw.
AgentBase::~AgentBase() {
  if (cell_->agent == this)
    detail::EventContext::of(*cell_).destroyed_by_user(*cell_);
}

} // namespace stos

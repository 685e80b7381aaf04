#include "actors/citizen.hpp"

namespace stos::detail {

AgentActor& agent_behind(const caf::actor& handle) {
  auto* actor = dynamic_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(handle));
  if (actor == nullptr)
    throw UsageError(Errc::bad_argument, "inject() needs the handle of an agent of this process");
  return *actor;
}

SpacetimeStamp stamp_of(const AgentBase& agent) {
  const Cell& cell = cell_of(agent);
  const EventContext& context = EventContext::of(cell);
  const Point p = context.position(cell);
  return {cell.id.value, context.local_time(cell), p[0], p[1], p[2], p[3]};
}

caf::strong_actor_ptr sender_of(const AgentBase& agent) {
  const auto* actor = static_cast<AgentActor*>(cell_of(agent).binding);
  return actor == nullptr ? nullptr : caf::strong_actor_ptr(actor->ctrl());
}

} // namespace stos::detail

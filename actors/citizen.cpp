#include "actors/citizen.hpp"

#include "actors/transport/gate.hpp"

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>

namespace stos::detail {
namespace {

/// What another actor says is wrong; CAF's own errors have no text.
std::string text_of(const caf::error& problem, const std::string& otherwise) {
  if (problem.context().match_elements<std::string>())
    return problem.context().get_as<std::string>(0);
  return otherwise;
}

} // namespace

AgentActor& agent_behind(const caf::actor& handle) {
  auto* actor = dynamic_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(handle));
  if (actor == nullptr)
    throw UsageError(Errc::bad_argument, "inject() needs the handle of an agent of this process");
  return *actor;
}

Result<caf::actor> ask_for_agent(caf::actor_system& system, const caf::actor& node,
                                 const FindAgent& wanted, caf::timespan timeout) {
  caf::scoped_actor self(system, true);
  Result<caf::actor> found(Error{Errc::internal, "no answer"});
  self->request(node, timeout, wanted)
      .receive([&found](const caf::actor& handle) { found = handle; },
               [&](const caf::error& problem) {
                 const bool is_answer = problem == caf::sec::no_such_key;
                 found = Error{is_answer ? Errc::bad_argument : Errc::io_error,
                               text_of(problem, "the node has not answered in time")};
               });
  return found;
}

SpacetimeStamp stamp_of(const AgentBase& agent) {
  const Cell& cell = cell_of(agent);
  const EventContext& context = EventContext::of(cell);
  const Point p = context.position(cell);
  return {cell.id.value, context.local_time(cell), p[0], p[1], p[2], p[3]};
}

bool has_no_effect(const AgentBase& agent) { return EventContext::of(cell_of(agent)).is_inert(); }

caf::strong_actor_ptr sender_of(const AgentBase& agent) {
  const auto* actor = static_cast<AgentActor*>(cell_of(agent).binding);
  return actor == nullptr ? nullptr : caf::strong_actor_ptr(actor->ctrl());
}

} // namespace stos::detail

namespace stos {

Result<caf::actor> find_agent(caf::actor_system& system, const std::string& host,
                              std::uint16_t port, const FindAgent& wanted, caf::timespan timeout,
                              const TlsOptions& tls, bool insecure) {
  const NodeAddress address{host, port};
  const Result<caf::actor> node = detail::call_node(
      system, address, tls, insecure, {detail::PeerKind::process, "process"}, timeout);
  if (!node)
    return Error{node.error().code,
                 "there is no node at " + to_string(address) +
                     " that could be asked for an agent: " + node.error().context};
  return detail::ask_for_agent(system, *node, wanted, timeout);
}

} // namespace stos

#include "actors/messages/outside_message.hpp"

#include "actors/agents/agent_actor.hpp"
#include "actors/messages/luggage.hpp"
#include "actors/run/worker_run.hpp"
#include "libstos/world/agent_base.hpp"

#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <utility>

namespace stos::detail {
namespace {

struct Respond {
  void operator()(AgentBase& agent, OutsideMessage message) const {
    Cell& cell = cell_of(agent);
    caf::mailbox_element_ptr element = message.take();
    AgentActor* actor = bound_actor(cell);
    if (element == nullptr || actor == nullptr)
      return;
    if (element->payload.match_elements<caf::exit_msg>())
      EventContext::of(cell).die(cell);
    else
      actor->respond(*element);
  }
};
using Response = TypedClosure<Portability::portable, AgentBase, Respond, OutsideMessage>;

} // namespace

OutsideMessage::~OutsideMessage() {
  if (element_ != nullptr)
    caf_version::bounce(*element_);
}

void OutsideMessage::pack() {
  if (element_ != nullptr)
    luggage_ = pack_luggage(agent_, std::move(element_));
}

Closure& make_response(OutsideMessage message) {
  return *make_closure<Portability::portable, AgentBase>(nullptr, Respond{}, std::move(message));
}

OutsideMessage* message_of(Closure& lambda) {
  if (lambda.ops != &Response::table())
    return nullptr;
  return &std::get<0>(static_cast<Response&>(lambda).arguments);
}

} // namespace stos::detail

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

constexpr std::byte exit_mark{1};

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

// Of a message that ends the agent the reason alone: its sender is not there any more when it is
// read again.
bool OutsideMessage::save(std::vector<std::byte>& content) const {
  if (element_ == nullptr)
    return true;
  caf::message said = element_->payload;
  const bool is_exit = said.match_elements<caf::exit_msg>();
  if (is_exit)
    said = caf::make_message(said.get_as<caf::exit_msg>(0).reason);
  if (!caf_version::to_bytes(said, content))
    return false;
  content.push_back(is_exit ? exit_mark : std::byte{0});
  return true;
}

bool OutsideMessage::load(std::vector<std::byte> content) {
  if (content.empty())
    return true;
  const bool is_exit = content.back() == exit_mark;
  content.pop_back();
  caf::message said;
  if (!caf_version::from_bytes(content, said) || (is_exit && !said.match_elements<caf::error>()))
    return false;
  if (is_exit)
    said = caf::make_message(caf::exit_msg{nullptr, said.get_as<caf::error>(0)});
  element_ = caf_version::make_element(nullptr, caf::make_message_id(), std::move(said));
  return true;
}

std::string OutsideMessage::text() const {
  return element_ == nullptr ? std::string() : caf::to_string(element_->payload);
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

#include "actors/agents/handle_members.hpp"

#include "actors/messages/luggage.hpp"
#include "libstos/world/event_context.hpp"

#include <utility>

namespace stos::detail {
namespace {

const Transfer* transfer_of_kind(Transfer::Kind kind) {
  const EventContext* context = EventContext::current();
  const Transfer* transfer = context == nullptr ? nullptr : context->transfer();
  return transfer != nullptr && transfer->kind() == kind ? transfer : nullptr;
}

} // namespace

// The sender of a message without content.
std::uint64_t pack_handle(caf::strong_actor_ptr handle) {
  const Transfer* transfer = transfer_of_kind(Transfer::Kind::save);
  if (transfer == nullptr)
    return 0;
  return pack_luggage(transfer->cell().id,
                      caf_version::make_element(std::move(handle), caf::make_message_id(), {}));
}

bool unpack_handle(std::uint64_t number, caf::strong_actor_ptr& handle) {
  const Transfer* transfer = transfer_of_kind(Transfer::Kind::load);
  if (transfer == nullptr)
    return false;
  const caf::mailbox_element_ptr element = claim_luggage(transfer->cell().id, number);
  if (element == nullptr)
    return false;
  handle = element->sender;
  return true;
}

} // namespace stos::detail

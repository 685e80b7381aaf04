#include "libstos/agent/cell.hpp"

namespace stos::detail {

void link_outgoing(Channel& channel) {
  channel.next_outgoing = channel.from->outgoing;
  if (channel.next_outgoing != nullptr)
    channel.next_outgoing->previous_outgoing = &channel;
  channel.from->outgoing = &channel;
}

void unlink_outgoing(Channel& channel) {
  if (channel.next_outgoing != nullptr)
    channel.next_outgoing->previous_outgoing = channel.previous_outgoing;
  if (channel.previous_outgoing != nullptr)
    channel.previous_outgoing->next_outgoing = channel.next_outgoing;
  else if (channel.from->outgoing == &channel)
    channel.from->outgoing = channel.next_outgoing;
  channel.next_outgoing = channel.previous_outgoing = nullptr;
}

void let_go(Channel& channel) {
  if (channel.owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete &channel;
}

} // namespace stos::detail

#pragma once

#include "actors/messages/bytes_message.hpp"

#include <caf/actor.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace stos::detail {

/// From the node of a host of replicated agents to all others: that is the host, and its word.
struct HostAnnouncement {
  Bytes word; ///< a keyed::Founding::Word
  caf::actor host;
};
template <class Inspector>
bool inspect(Inspector& f, HostAnnouncement& x) {
  return f.object(x).fields(f.field("word", x.word), f.field("host", x.host));
}

/// From host to host: some messages of keyed::Node, each with its size before it.
struct HostMessage {
  Bytes messages;
};
template <class Inspector>
bool inspect(Inspector& f, HostMessage& x) {
  return f.object(x).fields(f.field("messages", x.messages));
}

/// From an actor of this process to its host: a command or query. The answer is a HostAnswer.
struct HostCall {
  Bytes call; ///< a keyed::Call
  bool is_command = false;
  std::uint64_t patience_ms = 0;
};
template <class Inspector>
bool inspect(Inspector& f, HostCall& x) {
  return f.object(x).fields(f.field("call", x.call), f.field("is_command", x.is_command),
                            f.field("patience_ms", x.patience_ms));
}

struct HostAnswer {
  Bytes answer; ///< a keyed::Answer
};
template <class Inspector>
bool inspect(Inspector& f, HostAnswer& x) {
  return f.object(x).fields(f.field("answer", x.answer));
}

/// From an actor of this process to its host: it wants to know when the agent is deactivated.
struct HostWatch {
  Bytes id; ///< a keyed::Id
  bool was_active = false;
};
template <class Inspector>
bool inspect(Inspector& f, HostWatch& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("was_active", x.was_active));
}

/// From the host to it: that has happened.
struct HostWatchEnd {
  std::string why;
};
template <class Inspector>
bool inspect(Inspector& f, HostWatchEnd& x) {
  return f.object(x).fields(f.field("why", x.why));
}

} // namespace stos::detail

CAF_BEGIN_TYPE_ID_BLOCK(stos_service, caf::first_custom_type_id + 600)
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostAnnouncement))
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostMessage))
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostCall))
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostAnswer))
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostWatch))
CAF_ADD_TYPE_ID(stos_service, (stos::detail::HostWatchEnd))
CAF_END_TYPE_ID_BLOCK(stos_service)

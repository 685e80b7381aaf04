#pragma once

#include "actors/messages/bytes_message.hpp"

#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace stos {

/// To any node of a cluster: a look at locks and shared values. The answer is a
/// CoordinationAnswer. See actors/coordination.hpp.
struct CoordinationQuestion {
  std::uint32_t protocol = 0; ///< first, so that any version can read it
  detail::Bytes request;      ///< a coordination::Request
};
template <class Inspector>
bool inspect(Inspector& f, CoordinationQuestion& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("request", x.request));
}

/// Likewise: what changes something.
struct CoordinationCommand {
  std::uint32_t protocol = 0;
  detail::Bytes request;
};
template <class Inspector>
bool inspect(Inspector& f, CoordinationCommand& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("request", x.request));
}

/// What a node answers to either, as soon as it knows.
struct CoordinationAnswer {
  std::uint32_t protocol = 0;
  std::uint8_t code = 0; ///< 0, or else 1 more than an Errc
  std::string why;       ///< of an error
  detail::Bytes answer;  ///< a coordination::Answer
};
template <class Inspector>
bool inspect(Inspector& f, CoordinationAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("code", x.code),
                            f.field("why", x.why), f.field("answer", x.answer));
}

namespace detail {

/// From node to node: words of a CoordinationNode for the one that leads.
struct CoordinationWords {
  Bytes words;
};
template <class Inspector>
bool inspect(Inspector& f, CoordinationWords& x) {
  return f.object(x).fields(f.field("words", x.words));
}

} // namespace detail
} // namespace stos

CAF_BEGIN_TYPE_ID_BLOCK(stos_coordination, caf::first_custom_type_id + 620)
CAF_ADD_TYPE_ID(stos_coordination, (stos::CoordinationQuestion))
CAF_ADD_TYPE_ID(stos_coordination, (stos::CoordinationCommand))
CAF_ADD_TYPE_ID(stos_coordination, (stos::CoordinationAnswer))
CAF_ADD_TYPE_ID(stos_coordination, (stos::detail::CoordinationWords))
CAF_END_TYPE_ID_BLOCK(stos_coordination)

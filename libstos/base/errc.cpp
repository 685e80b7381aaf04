#include "libstos/base/errc.hpp"

namespace stos {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::bad_argument: return "bad_argument";
    case Errc::bad_config: return "bad_config";
    case Errc::not_in_future: return "not_in_future";
    case Errc::faster_than_light: return "faster_than_light";
    case Errc::expired_reference: return "expired_reference";
    case Errc::closed_channel: return "closed_channel";
    case Errc::wrong_agent: return "wrong_agent";
    case Errc::mailbox_full: return "mailbox_full";
    case Errc::instant_too_deep: return "instant_too_deep";
    case Errc::trace_full: return "trace_full";
    case Errc::model_exception: return "model_exception";
    case Errc::out_of_memory: return "out_of_memory";
    case Errc::io_error: return "io_error";
    case Errc::bad_message: return "bad_message";
    case Errc::node_lost: return "node_lost";
    case Errc::not_supported: return "not_supported";
    case Errc::interrupted: return "interrupted";
    case Errc::no_threads: return "no_threads";
    case Errc::not_leader: return "not_leader";
    case Errc::drained: return "drained";
    case Errc::try_later: return "try_later";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

std::optional<Errc> errc_from(std::uint8_t number) {
  if (number > static_cast<int>(Errc::internal))
    return std::nullopt;
  return static_cast<Errc>(number);
}

} // namespace stos

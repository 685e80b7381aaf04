#pragma once

#include "actors/messages/bytes_message.hpp"

#include <cstdint>
#include <string>

namespace stos {

/// To any node of a cluster: how a job is, what has come of it, or which jobs there are. The answer
/// is a JobAnswer. See actors/jobs.hpp.
struct JobQuestion {
  std::uint32_t protocol = 0; ///< first, so that any version can read it
  detail::Bytes request;      ///< a jobs::JobRequest
};
template <class Inspector>
bool inspect(Inspector& f, JobQuestion& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("request", x.request));
}

/// Likewise: submit a job, or cancel it.
struct JobCommand {
  std::uint32_t protocol = 0;
  detail::Bytes request;
};
template <class Inspector>
bool inspect(Inspector& f, JobCommand& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("request", x.request));
}

/// What a node answers to either.
struct JobAnswer {
  std::uint32_t protocol = 0;
  std::uint8_t code = 0; ///< 0, or else 1 more than an Errc
  std::string why;       ///< of an error
  detail::Bytes answer;  ///< as the request wants it
};
template <class Inspector>
bool inspect(Inspector& f, JobAnswer& x) {
  return f.object(x).fields(f.field("protocol", x.protocol), f.field("code", x.code),
                            f.field("why", x.why), f.field("answer", x.answer));
}

namespace detail {

/// From node to node: words of a JobNode for the one of another node.
struct JobWords {
  Bytes words;
};
template <class Inspector>
bool inspect(Inspector& f, JobWords& x) {
  return f.object(x).fields(f.field("words", x.words));
}

} // namespace detail
} // namespace stos

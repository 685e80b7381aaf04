#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stos {

/// What went wrong, for programs; `Error::context` says it for people.
enum class Errc {
  bad_argument,      ///< a value outside of what the function accepts
  bad_config,        ///< configuration file, environment or command line
  not_in_future,     ///< a point that should lie in the future light cone of another one
  faster_than_light, ///< a speed at or above c = 1
  expired_reference, ///< a RemoteReference used after the event that it was good for
  closed_channel,    ///< a ChannelWriter without an open channel was written to
  wrong_agent,       ///< something that belongs to one agent was used in the event of another
  mailbox_full,      ///< more lambdas queued at one agent than the configured limit
  instant_too_deep,  ///< too many events caused each other at one instant (Zeno)
  trace_full,        ///< more trace records than the configured limit
  model_exception,   ///< the user's lambda threw
  out_of_memory,
  io_error,
  bad_message, ///< another node sent something that no node of this program sends
  node_lost,   ///< another node ended, or was not heard of for too long
  not_supported,
  interrupted, ///< a signal has ended the run
  no_threads,  ///< the system does not start as many as are needed
  not_leader,  ///< another node has to be asked, which the text names if it is known
  drained,     ///< this node has left the cluster, as it was asked to: no failure
  try_later,   ///< nothing is wrong but that it cannot be done yet
  internal,
};

/// The name of `code` as it is printed in front of an error text, for example "closed_channel".
[[nodiscard]] std::string_view to_string(Errc code);

/// The code of this number, as other processes send it; nothing if there is none.
[[nodiscard]] std::optional<Errc> errc_from(std::uint8_t number);

/// An expected failure: what was seen, where, and what was wanted.
struct Error {
  Errc code = Errc::internal;
  std::string context;
};

} // namespace stos

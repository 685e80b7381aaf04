#include "actors/transport/connection_problem.hpp"

#include "actors/transport/caf_version.hpp"

#include <caf/error.hpp>
#include <caf/sec.hpp>

namespace stos::detail {

std::string connection_problem(const caf::error& problem) {
  if (problem == caf::sec::cannot_connect_to_node)
    return "no process listens there, or no way leads there";
  if (problem == caf::sec::request_timeout)
    return "no answer came in time; is it a node of libstos?";
  if (problem == caf::sec::disconnect_during_handshake)
    return "who listens there has closed the connection without a word; is it a node of libstos?";
  if (problem == caf::sec::unexpected_message || problem == caf::sec::unexpected_response ||
      problem == caf_version::malformed_basp_message ||
      problem == caf::sec::incompatible_versions ||
      problem == caf::sec::incompatible_application_ids ||
      problem == caf::sec::no_actor_published_at_port ||
      problem == caf::sec::unexpected_actor_messaging_interface)
    return "who listens there is no node of libstos, or of another version";
  if (problem == caf::sec::request_receiver_down || problem == caf::sec::broken_promise ||
      problem == caf::sec::socket_disconnected || problem == caf::sec::end_of_stream)
    return "the node has ended, or its connection with it";
  return to_string(problem);
}

} // namespace stos::detail

#pragma once

#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/system_messages.hpp>

namespace stos::detail {

/// An actor of ours ends when it is told so in its own way: errors and exit messages that others
/// send it leave it alone.
inline void ignore_what_is_not_for_it(caf::event_based_actor& actor) {
  actor.set_exit_handler([](caf::exit_msg&) {});
  actor.set_error_handler([](caf::error&) {});
  actor.set_node_down_handler([](caf::node_down_msg&) {});
}

} // namespace stos::detail

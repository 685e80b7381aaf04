#pragma once

#include "actors/transport/basp_filter.hpp"
#include "actors/transport/refusal_log.hpp"
#include "actors/transport/wire.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/scribe.hpp>

#include <memory>
#include <string>

namespace stos::detail {

/// A connection with a peer that has proved who it is, for CAF's middleman: what comes over `wire`
/// goes through `filter` first. Memory for a message grows with what has come of it.
///
/// `about` names the peer in the log, where it says why its connection was closed.
/// @pre `system` has CAF's middleman, and its default multiplexer
[[nodiscard]] caf::io::scribe_ptr make_guarded_scribe(caf::actor_system& system,
                                                      std::unique_ptr<Wire> wire,
                                                      std::unique_ptr<BaspFilter> filter,
                                                      std::string about,
                                                      std::shared_ptr<RefusalLog> log);

} // namespace stos::detail

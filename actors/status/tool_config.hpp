#pragma once

#include <caf/actor_system_config.hpp>

namespace stos::detail {

/// The actor system of a process that is no node and asks one: with CAF's middleman, and few
/// threads.
struct ToolConfig : caf::actor_system_config {
  /// Throws UsageError (no_threads).
  ToolConfig();
};

} // namespace stos::detail

#include "actors/status/tool_config.hpp"

#include "actors/messages/caf_types.hpp"
#include "actors/run/thread_check.hpp"

#include <caf/io/middleman.hpp>

namespace stos::detail {

ToolConfig::ToolConfig() {
  require_threads(1, true);
  init_caf_types();
  load<caf::io::middleman>();
  set("caf.scheduler.max-threads", std::size_t{1});
  set("caf.scheduler.policy", "sharing"); // idle workers sleep
  set("caf.logger.console.verbosity", "quiet");
}

} // namespace stos::detail

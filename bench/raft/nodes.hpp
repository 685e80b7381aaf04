#pragma once

#include "libstos/base/result.hpp"

#include <cstdint>
#include <string>

namespace stos::bench {

struct RaftLoad {
  std::uint32_t groups = 1;
  std::uint32_t in_flight = 1; ///< commands in each group
  std::uint32_t command_bytes = 16;
  std::string folder; ///< of the logs; empty: in memory
  double seconds = 1;
};

struct RaftRate {
  double commands_per_s = 0;     ///< of all groups
  double commands_per_write = 0; ///< of the leaders' nodes: how many one output has served
};

/// Three nodes, each a thread of this process; the leaders of the groups keep so many commands in
/// flight. Fails with io_error if a log cannot be written.
[[nodiscard]] Result<RaftRate> run_raft(const RaftLoad& load);

} // namespace stos::bench

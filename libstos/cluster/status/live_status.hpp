#pragma once

#include "libstos/cluster/gateway/gateway.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/world/live_view.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace stos::detail {

/// What an engine, or all domains of a node, show, as the counters and gauges of a status.
void describe(const LiveCounters& counters, NodeStatus& status);

/// What has gone over the links of a node, and what has moved: `names` are those of all nodes,
/// `credit_bytes` the limit of its links. Everything else in `status` stays.
///
/// Threads: from the owner of the gateway.
void describe(const Gateway& gateway, std::span<const std::string> names, std::size_t own_node,
              std::uint64_t credit_bytes, NodeStatus& status);

} // namespace stos::detail

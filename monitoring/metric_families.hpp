#pragma once

#include "libstos/cluster/status/node_status.hpp"
#include "libstos/service/keyed/hosting_status.hpp"
#include "libstos/service/service_counts.hpp"

#include <prometheus/metric_family.h>

#include <span>
#include <vector>

namespace stos::detail {

/// All metrics of metrics.hpp with their values in `statuses`, in the order of metrics::all.
///
/// A metric without a value (no peer, no limit) is left out. `statuses` have different pairs of
/// simulation and node, `hosts` different nodes, and so have `services`; else series would be there
/// twice, which Prometheus refuses. What is of these two has no label `simulation`.
///
/// Threads: none inside.
[[nodiscard]] std::vector<prometheus::MetricFamily>
to_metric_families(std::span<const NodeStatus> statuses,
                   std::span<const keyed::HostingStatus> hosts = {},
                   std::span<const ServiceCounts> services = {});

} // namespace stos::detail

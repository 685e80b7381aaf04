#pragma once

#include "libstos/cluster/status/node_status.hpp"

#include <prometheus/metric_family.h>

#include <span>
#include <vector>

namespace stos::detail {

/// All metrics of metrics.hpp with their values in `statuses`, in the order of metrics::all.
///
/// A metric without a value (no peer, no limit) is left out. `statuses` have different pairs of
/// simulation and node; else series would be there twice, which Prometheus refuses.
///
/// Threads: none inside.
[[nodiscard]] std::vector<prometheus::MetricFamily>
to_metric_families(std::span<const NodeStatus> statuses);

} // namespace stos::detail

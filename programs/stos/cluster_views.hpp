#pragma once

#include "libstos/cluster/status/cluster_status.hpp"

#include <string>

namespace stos::program {

// What a node says about its cluster: as tables for people, or as one line of JSON for scripts,
// whole. In JSON, numbers that there are not (an end that is not known) are null.
//
// Threads: none inside.

/// Which nodes there are, with alerts that hold.
[[nodiscard]] std::string nodes_as_text(const ClusterStatus& cluster);
/// The same with the latest lines that all nodes have logged.
[[nodiscard]] std::string nodes_as_json(const ClusterStatus& cluster);

/// How far each simulation is.
[[nodiscard]] std::string simulations_as_text(const ClusterStatus& cluster);
[[nodiscard]] std::string simulations_as_json(const ClusterStatus& cluster);

/// How many agents live where; `by_type`: of which class.
[[nodiscard]] std::string agents_as_text(const ClusterStatus& cluster, bool by_type);
[[nodiscard]] std::string agents_as_json(const ClusterStatus& cluster);

} // namespace stos::program

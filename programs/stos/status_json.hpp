#pragma once

#include "libstos/base/json_writer.hpp"
#include "libstos/cluster/status/node_status.hpp"

namespace stos::program {

// Members of a JSON object about one node, or the total of several: under the same names wherever
// `stos` writes them. Times are in seconds (`_s`); an end that is not known is null.
//
// Threads: none inside.

/// Who lives there: how many agents, and of which types.
void write_agents(JsonWriter& json, const NodeStatus& status);

/// How far it is.
void write_progress(JsonWriter& json, const NodeStatus& status);

/// What the operating system says.
void write_process(JsonWriter& json, const NodeStatus& status);

} // namespace stos::program

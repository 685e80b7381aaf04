#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos node`: this process is a node of a cluster that runs jobs, and no simulation. Its options
/// are those of any node. Ends at SIGINT or SIGTERM, with 0. See Subcommand::run.
int node(const std::vector<std::string>& words);

} // namespace stos::program

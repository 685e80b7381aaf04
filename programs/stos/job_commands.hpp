#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos job submit|status|result|cancel|list`: scripts whose parts the nodes of a cluster share.
/// See Subcommand::run.
int job(const std::vector<std::string>& words);

} // namespace stos::program

#pragma once

#include <string>
#include <vector>

namespace stos::program {

// Subcommands about the replicated agents of a cluster that runs: see subcommand.hpp.

/// `stos groups`: which groups there are, where, and how many agents they have.
int groups(const std::vector<std::string>& words);

/// `stos agent list|show`: which agents there are, and the state of one.
int agent(const std::vector<std::string>& words);

/// `stos quota put|delete|list|usage`: how many agents there may be.
int quota(const std::vector<std::string>& words);

} // namespace stos::program

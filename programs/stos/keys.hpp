#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos keys`: makes the keys of a cluster, of its nodes and tools, in a folder; see
/// docs/security.md.
int keys(const std::vector<std::string>& words);

} // namespace stos::program

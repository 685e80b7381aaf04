#pragma once

#include <string>

namespace stos {

/// What this machine calls itself, as a name that a node may have; "node" if it has none.
[[nodiscard]] std::string host_name();

/// Why the name of another one is of no use; empty if it can be looked up. May take some seconds.
[[nodiscard]] std::string lookup_problem(const std::string& host);

} // namespace stos

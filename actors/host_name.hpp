#pragma once

#include <string>

namespace stos {

/// What this machine calls itself, as a name that a node may have; "node" if it has none.
[[nodiscard]] std::string host_name();

} // namespace stos

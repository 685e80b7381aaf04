#pragma once

#include <caf/fwd.hpp>

#include <string>

namespace stos::detail {

/// Why there is no connection with a node at an address, or no answer over it, in words.
[[nodiscard]] std::string connection_problem(const caf::error& problem);

} // namespace stos::detail

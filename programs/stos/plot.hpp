#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos plot TRACE`: see subcommand.hpp and spacetime_diagram.hpp. Returns 1 when the trace cannot
/// be read or is none, or the picture cannot be written.
int plot(const std::vector<std::string>& words);

} // namespace stos::program

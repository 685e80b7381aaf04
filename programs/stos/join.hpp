#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos join HOST:PORT PROGRAM ...`: becomes the program, as a node that joins the cluster of the
/// node at that address. Returns only if it cannot be started: 127 or 126, as a shell does.
int join(const std::vector<std::string>& words);

} // namespace stos::program

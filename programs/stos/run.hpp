#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos run -n N PROGRAM`: see subcommand.hpp and launcher.hpp.
int run(const std::vector<std::string>& words);

} // namespace stos::program

#pragma once

#include <string>
#include <vector>

namespace stos::program {

/// `stos recover FOLDER`: what a cluster whose majority is lost for good goes on from. With --alone
/// it says so in the log of a node that is left, which is a cluster of its own from then on. See
/// Subcommand::run.
int recover(const std::vector<std::string>& words);

} // namespace stos::program

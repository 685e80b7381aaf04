#pragma once

#include <string>
#include <vector>

namespace stos::program {

// Subcommands that ask a node of a cluster that runs: see subcommand.hpp. The first word is where
// it listens, HOST:PORT.

/// `stos nodes`: which nodes there are.
int nodes(const std::vector<std::string>& words);

/// `stos simulations`: how far they are.
int simulations(const std::vector<std::string>& words);

/// `stos agents`: how many live where.
int agents(const std::vector<std::string>& words);

/// `stos migrate`: has agents move to another node.
int migrate(const std::vector<std::string>& words);

/// `stos snapshot`: has a simulation cut now.
int snapshot(const std::vector<std::string>& words);

/// `stos drain`: a node leaves.
int drain(const std::vector<std::string>& words);

/// `stos show`: one of its agents.
int show(const std::vector<std::string>& words);

/// `stos top`: all of it, live.
int top(const std::vector<std::string>& words);

} // namespace stos::program

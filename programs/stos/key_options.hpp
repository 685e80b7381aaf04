#pragma once

#include "libstos/options/cluster_options.hpp"

#include <CLI/CLI.hpp>

namespace stos::program {

/// Declares how a tool shows who it is: what a node is given as configuration, a tool is given in
/// the same environment, or as an option.
void add_keys(CLI::App& app, TlsOptions& tls, bool& insecure);

} // namespace stos::program

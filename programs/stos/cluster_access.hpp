#pragma once

#include "libstos/options/cluster_options.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stos::program {

/// Which nodes a tool asks, and how.
struct ClusterAccess {
  std::vector<NodeAddress> nodes; ///< that were named
  double patience_s = 5;
  TlsOptions tls;
  bool insecure = false;

  /// Those, or the default one.
  [[nodiscard]] std::vector<NodeAddress> nodes_to_ask() const;
};

/// Declares --node, --timeout and keys.
void add_cluster_access(CLI::App& app, ClusterAccess& access);

/// Writes `NAME: error: text`, and returns exit_failed.
int failed(const CLI::App& app, const std::string& text);

/// A word after `stos SUBCOMMAND`.
struct Word {
  std::string_view name;
  std::string_view meaning;
  int (*run)(const std::vector<std::string>& words);
};

/// Does what the first of `words` says, one of `table`. `meaning` stands above their list.
int dispatch_word(const std::string& subcommand, const std::string& meaning,
                  const std::vector<Word>& table, const std::vector<std::string>& words);

} // namespace stos::program

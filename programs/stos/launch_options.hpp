#pragma once

#include "libstos/options/cluster_options.hpp"
#include "programs/stos/arguments.hpp"

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace stos::program {

/// Most nodes that one launcher starts: it holds two pipes of each.
inline constexpr std::uint32_t launched_nodes_max = 256;

/// What `stos run` was asked for. Plain values.
struct LaunchOptions {
  std::uint32_t nodes = 0;                ///< 1 to launched_nodes_max
  std::string host = "127.0.0.1";         ///< an address of this machine
  std::optional<std::uint16_t> base_port; ///< node k gets base_port + k - 1; none: free ports
  std::optional<NodeAddress>
      monitoring;                   ///< node k gets that port + k - 1, unless it is 0; none: off
  std::optional<double> timeout_s;  ///< all nodes are ended then; none: never
  double grace_s = 10;              ///< from a failure to SIGTERM, and from there to SIGKILL
  bool only_first = false;          ///< show the output of the first node only
  std::vector<std::string> command; ///< the program and its arguments; not empty

  friend bool operator==(const LaunchOptions&, const LaunchOptions&) = default;
};

/// Reads the words after `stos run`: options, then the program, whose arguments are left alone.
/// `--` ends the options. `monitoring` is what the environment says about monitoring.address, or
/// null: it counts unless the words say something else. Help and errors go to `out` and `err`.
[[nodiscard]] Parsed<LaunchOptions> parse_launch(std::vector<std::string> words,
                                                 const char* monitoring, std::ostream& out,
                                                 std::ostream& err);

} // namespace stos::program

#pragma once

#include "libstos/base/result.hpp"
#include "libstos/cluster/status/cluster_status.hpp"
#include "libstos/options/cluster_options.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace stos {

/// A stranger's connection with one node of a cluster that runs: asks it, and through it all
/// others.
///
/// Threads: one at a time; an actor system with threads of its own stands behind it.
/// Errors:  each function waits at most as long as it was given. Errc::io_error if no process can
///          be reached there, none answers in time, or the one that does is no node, or does not
///          let this process in; Errc::bad_config if the keys are no good; Errc::bad_message if it
///          is a node that speaks another protocol, or says what cannot be read.
class ClusterClient {
public:
  /// Without files in `tls` it has the user's own keys; `commands` says whether these are to be
  /// good for command().
  [[nodiscard]] static Result<std::unique_ptr<ClusterClient>>
  connect(const NodeAddress& address, double patience_s, const TlsOptions& tls = {},
          bool insecure = false, bool commands = false);
  ~ClusterClient();
  ClusterClient(const ClusterClient&) = delete;
  ClusterClient& operator=(const ClusterClient&) = delete;

  /// What the node knows of all nodes; of each as of its last heartbeat.
  [[nodiscard]] Result<ClusterStatus> status();

  /// Has the run of `simulation` (empty: the only one) on that node carry out a command: see
  /// RunActor. What it refuses comes back with the code and the text of the node.
  [[nodiscard]] Result<std::vector<std::byte>> command(const std::string& simulation,
                                                       const std::string& command,
                                                       std::vector<std::byte> arguments);

private:
  struct Connection;
  explicit ClusterClient(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

} // namespace stos

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// Where a node listens and is reached: a host and a TCP port.
struct NodeAddress {
  /// A host name or a numeric address, in lower case; IPv6 in its shortest form, without brackets.
  std::string host = "127.0.0.1";

  /// 0 asks for any free port; only a node's own address may have it.
  std::uint16_t port = 4242;

  friend bool operator==(const NodeAddress&, const NodeAddress&) = default;
  friend auto operator<=>(const NodeAddress&, const NodeAddress&) = default;
};

/// `host:port`, or `[host]:port` for IPv6.
[[nodiscard]] std::string to_string(const NodeAddress& address);

/// Who decides on which node an agent lives.
enum class PlacementName : std::uint8_t {
  round_robin, ///< agent i on node i modulo the number of nodes
  block,       ///< equal runs of agents in the order of their creation
  hilbert,     ///< equal pieces of a Hilbert curve through their positions
  graph        ///< a partition of the channel graph that cuts few channels
};

/// As it is written in the configuration.
[[nodiscard]] std::string_view to_string(PlacementName placement);

/// How agents move between nodes while a simulation runs, see Balancer.
enum class BalanceName { none, diffusion, repartition };

/// Which module says when a node is to campaign for the lead of the cluster's log. Who leads has no
/// effect on any run; see libstos/raft/election.hpp.
enum class ElectionName : std::uint8_t {
  raft, ///< the first one whose patience ends, which is random
  bully ///< the highest number that lives
};

/// As it is written in the configuration.
[[nodiscard]] std::string_view to_string(ElectionName election);

/// How this process proves to other nodes and to tools who it is, and finds out who they are: by
/// certificates over TLS. Files in the PEM format, as `stos keys` makes them; docs/security.md.
///
/// Without any of it, keys that belong to the user on this machine are taken (and made, the first
/// time), where a node listens on the loopback interface only.
struct TlsOptions {
  std::string ca;          ///< certificates of the authority that this node trusts
  std::string certificate; ///< of this node or tool, its name in it
  std::string key;         ///< private key of the certificate
  std::string revoked;     ///< list of certificates that do not count any more; empty: none

  /// Takes the user's own keys also where others can reach this node: for nodes that see the same
  /// home folder. Not together with files.
  bool own = false;

  [[nodiscard]] bool has_files() const {
    return !ca.empty() || !certificate.empty() || !key.empty() || !revoked.empty();
  }

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

/// How this process is one node of a cluster; looked at when `RunOptions::distributed` is true.
///
/// Plain values. The defaults below are the product's defaults; `config/stos.yaml` documents each
/// of them for users, and the loader in `config/` is the only place that checks the ranges. No
/// option here changes which events happen (the determinism contract).
///
/// Units:   the suffix of each name; `_s` is seconds of wall-clock time.
/// Threads: none inside.
/// Owns:    its strings.
/// Limits:  `nodes`, the six times, `copies`, `newcomers_max`, `frame_bytes_max`, `credit_bytes`,
///          `random_moves`, `random_delay_s`.
struct ClusterOptions {
  /// Name of the cluster. Nodes of different clusters refuse each other. As a simulation's name.
  std::string name = "stos";

  /// Name of this node; two nodes of one name refuse each other. 1 to 64 of `A-Z a-z 0-9 _ . -`.
  /// Default none: made at run time of the host's name and the port.
  std::optional<std::string> node;

  /// Where this node listens, and where the others reach it.
  NodeAddress address;

  /// Where other nodes are: any of them, in any order, each once. The own address may be among
  /// them, so that all nodes can be given the same list. At most 1,024; no port is 0.
  std::vector<NodeAddress> peers;

  /// Number of nodes to wait for, this one included. 1 to 1,024, and no less than there are
  /// `peers`. Default none: see nodes_to_wait_for().
  std::optional<std::uint32_t> nodes;

  /// A node that comes to a cluster that runs already joins it; else it is refused.
  bool join = false;

  /// The first SIGTERM does not end the runs of this node: it leaves the cluster, which goes on. As
  /// `stos drain` does. The last node, and a second SIGTERM, end as without it.
  bool drain_on_term = false;

  /// How long a node waits at the start for all others. 0.1 to 86,400.
  double start_timeout_s = 30;

  /// A node from which nothing is heard for so long is lost. 0.1 to 86,400, more than
  /// `heartbeat_s`.
  double silence_timeout_s = 10;

  /// A node that has nothing else to say to another one says so this often. 0.01 to 3,600.
  double heartbeat_s = 1;

  /// How long nodes wait for each other at the end before they give up. 0.1 to 86,400.
  double stop_timeout_s = 10;

  /// Decides which node asks to lead the cluster.
  ElectionName election = ElectionName::raft;

  /// The folder where this node keeps the log that nodes agree on: so it comes back as itself after
  /// its process has ended. Each node has one of its own. Empty: in memory.
  std::string log;

  /// On so many nodes, beside the first one, lies a copy of a run's last complete cut: a run
  /// survives the loss of as many at once. 0 to 16. Default 1.
  std::uint32_t copies = 1;

  TlsOptions tls;

  /// No TLS at all: a process that reaches the port comes in under any name that it gives.
  bool insecure = false;

  /// How long a stranger has to say who it is. 0.1 to 3,600.
  double handshake_timeout_s = 5;

  /// So many connections of callers that have not yet said who they are; the next one takes the
  /// place of the oldest. 1 to 65,536.
  std::uint32_t newcomers_max = 64;

  /// Where initial agents go.
  PlacementName placement = PlacementName::hilbert;

  /// How agents move later on, when some nodes have more to do than others, or much goes between
  /// them.
  BalanceName balance = BalanceName::none;

  /// How often that is looked at, at most. 0.01 to 86,400. Default 1.
  double balance_every_s = 1;

  /// Largest frame between two nodes. 4 KiB to 1 GiB.
  std::uint64_t frame_bytes_max = std::uint64_t{1} << 20;

  /// Bytes under way to one other node, sent and not yet acknowledged, at which the sender waits.
  /// `frame_bytes_max` to 64 GiB.
  std::uint64_t credit_bytes = std::uint64_t{16} << 20;

  /// For testing a model, whose outcome must not depend on where its agents live: so many times in
  /// a run, an agent moves to another node, both drawn at random. 0 to 1e9. Default 0: none moves.
  std::uint64_t random_moves = 0;

  /// Likewise, whose outcome must not depend on the network: what arrives from another node waits
  /// up to so long, drawn at random, behind what came before it. 0 to 60. Default 0: nothing waits.
  double random_delay_s = 0;

  friend bool operator==(const ClusterOptions&, const ClusterOptions&) = default;
};

/// `options.nodes`, or else the number of different addresses: all `peers`, and the own one. Two
/// spellings of one address count twice, and so does an own address with port 0.
[[nodiscard]] std::uint32_t nodes_to_wait_for(const ClusterOptions& options);

} // namespace stos

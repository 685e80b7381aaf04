#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/result.hpp"
#include "libstos/cluster/status/alerts.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/options/cluster_options.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace stos {

/// Something that a node has to say to people.
struct LogLine {
  double time_s = 0; ///< in seconds since 1970 (UTC)
  std::string node;
  std::string text; ///< one event, as "node refused node=mars ..."

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

/// What a node tells the others at each heartbeat.
struct NodeNews {
  std::string node;
  std::vector<NodeStatus> statuses; ///< of all its runs; by simulation
  std::vector<LogLine> log;         ///< its own, since its last news

  friend bool operator==(const NodeNews&, const NodeNews&) = default;
};

/// A node of a cluster, as another one sees it.
struct NodePresence {
  std::string node;
  NodeAddress address;
  bool is_lost = false;
  double silence_s = 0; ///< since it was last heard

  friend bool operator==(const NodePresence&, const NodePresence&) = default;
};

/// A whole cluster, as one of its nodes knows it: what `stos` shows.
struct ClusterStatus {
  std::string cluster;
  std::string told_by;              ///< the node
  std::uint32_t nodes_wanted = 0;   ///< so many have to come before anything runs
  std::uint64_t epoch = 0;          ///< of its view; 0: not all have come yet
  std::string leader;               ///< of its log; empty: none is known
  std::uint64_t term = 0;           ///< of that leader
  std::uint64_t log_length = 0;     ///< entries
  std::vector<NodePresence> nodes;  ///< that have come, by name
  std::vector<NodeStatus> statuses; ///< by simulation and node
  std::vector<Alert> alerts;        ///< that hold now; since_s is for how long they do
  std::vector<LogLine> log;         ///< the latest lines of all nodes, the oldest first

  friend bool operator==(const ClusterStatus&, const ClusterStatus&) = default;
};

/// As bytes, for other nodes and for `stos`, and back. Reading fails with Errc::bad_message on
/// anything else.
void write_news(const NodeNews& news, BytesWriter& out);
[[nodiscard]] Result<NodeNews> read_news(BytesReader& in);
void write_cluster_status(const ClusterStatus& status, BytesWriter& out);
[[nodiscard]] Result<ClusterStatus> read_cluster_status(BytesReader& in);

/// Puts together on one node what all of them tell.
///
/// Threads: none inside. Time is a parameter, in seconds of any clock that does not go back.
/// Limits:  the last `log_lines_max` lines; the last status of each run of each node.
class ClusterWatch {
public:
  static constexpr std::size_t log_lines_max = 200;

  explicit ClusterWatch(const AlertLimits& limits) : watch_(limits) {}

  /// A node has told its news; a run that it does not tell of any more is over there.
  void observe(const NodeNews& news, double now_s);

  /// Alerts that hold and did not at the last call. Of those that have ended nothing is said.
  [[nodiscard]] std::vector<Alert> take_new_alerts(double now_s);

  /// What is known now: statuses, alerts and log. The rest is left to the caller.
  [[nodiscard]] ClusterStatus status(double now_s) const;

private:
  AlertWatch watch_;
  std::vector<NodeStatus> statuses_; // by simulation and node
  std::vector<Alert> alerts_;        // at the last call
  std::deque<LogLine> log_;
};

} // namespace stos

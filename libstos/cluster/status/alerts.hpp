#pragma once

#include "libstos/cluster/status/node_status.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// What about a node an operator should look at.
enum class AlertType : std::uint8_t {
  node_silent,       ///< nothing was heard of it for too long
  memory_near_limit, ///< its process needs most of the memory that it should stay below
  no_progress,       ///< its simulated time stands still, though the run is not over
  queue_at_limit,    ///< an agent's mailbox is almost as long as allowed: then the run fails
  credit_exhausted   ///< it has to wait for another node to take what was sent
};

/// As metrics and logs name it: "node_silent".
[[nodiscard]] std::string_view to_string(AlertType type);

/// One condition that holds now.
struct Alert {
  AlertType type = AlertType::node_silent;
  std::string simulation;
  std::string node;
  std::string peer;   ///< of credit_exhausted; else empty
  double since_s = 0; ///< when the condition began, on the clock of the caller
  std::string text;   ///< what was seen and what was wanted, for people

  friend bool operator==(const Alert&, const Alert&) = default;
};

/// From when on a condition is one that an operator should look at.
struct AlertLimits {
  double silence_timeout_s = 10;  ///< see ClusterOptions
  double progress_timeout_s = 60; ///< see MonitoringOptions
  double credit_timeout_s = 30;   ///< for so long a node has had no credit, each time it was seen
  double memory_share = 0.9;      ///< of ProcessStatus::memory_limit_bytes
  double mailbox_share = 0.9;     ///< of NodeStatus::mailbox_limit
};

/// Watches the nodes of a cluster through what they tell, and says what an operator should look at.
///
/// A node that is silent raises that alert alone: what it said last is no news. A node whose run is
/// over raises none.
///
/// Order:   alerts by simulation, node, type and peer.
/// Units:   seconds of any clock of the caller that does not go back; clocks of other nodes do not
///          matter.
/// Threads: none inside.
/// Limits:  remembers the last status of each node that it was told about, until forget().
class AlertWatch {
public:
  explicit AlertWatch(const AlertLimits& limits) : limits_(limits) {}

  /// `status` has arrived.
  void observe(const NodeStatus& status, double now_s);

  /// The node has left; it is no more than silent.
  void forget(std::string_view simulation, std::string_view node);

  /// What holds now.
  [[nodiscard]] std::vector<Alert> alerts(double now_s) const;

private:
  struct Key {
    std::string simulation;
    std::string node;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Watched {
    NodeStatus status;
    double heard_at_s = 0;
    double progress_at_s = 0; ///< when simulated time was last seen to have moved
    std::optional<double> memory_since_s;
    std::optional<double> queue_since_s;
    std::map<std::string, double> credit_since_s; ///< by peer
  };

  void append_alerts(const Watched& node, double now_s, std::vector<Alert>& alerts) const;
  [[nodiscard]] bool is_near_memory_limit(const ProcessStatus& process) const;
  [[nodiscard]] bool is_queue_at_limit(const NodeStatus& status) const;

  AlertLimits limits_;
  std::map<Key, Watched> nodes_;
};

} // namespace stos

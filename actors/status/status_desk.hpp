#pragma once

#include "actors/status/last_look.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "libstos/engine/serial_engine.hpp"
#include "monitoring/exporter.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stos {

class ClusterNode;

namespace detail {

class HostDoor;

/// What is to be seen of one run of this process, while it goes on.
struct RunSight {
  using Clock = std::chrono::steady_clock;

  RunSight(const World& run, std::string node_name) : world(run), node(std::move(node_name)) {}

  const World& world;
  std::string node;
  std::vector<LiveView*> parts;                 ///< its engine, or the domains
  const DomainBoard* board = nullptr;           ///< null in a serial run
  std::function<void()> ask_network;            ///< with other nodes: wants that to be news soon,
  std::function<void(NodeStatus&)> add_network; ///< which this adds
  std::function<void(ContinuityStatus&)> add_continuity; ///< of the run's cuts, and its cluster
  const LastLook* last_look = nullptr;                   ///< of its observers
  Clock::time_point began = Clock::now();

  void watch(DomainSet& domains);
  void watch(SerialEngine& engine) { parts = {&engine.execution().live}; }

  /// Wants all parts to show themselves; that takes an event, or a sleep, of each.
  void ask() const;
  /// As they have shown themselves last, but for the process.
  [[nodiscard]] NodeStatus status() const;
};

/// Where the runs of this process lie that can be watched.
///
/// Threads: all functions from any thread.
class StatusDesk {
public:
  explicit StatusDesk(std::uint64_t memory_limit_bytes) : memory_limit_bytes_(memory_limit_bytes) {}

  void ask() const;

  /// Of all runs, some milliseconds after ask(). By simulation and node.
  [[nodiscard]] std::vector<NodeStatus> statuses() const;

  /// Throws UsageError (bad_argument) if another run there has its simulation's name and its
  /// node's.
  void add(const RunSight& run);

  /// Returns once no watcher looks at it any more.
  void remove(const RunSight& run);

  /// A host of replicated agents, on the node of this name.
  void add(std::shared_ptr<const HostDoor> host, const std::string& node);
  void remove(const HostDoor& host);
  [[nodiscard]] std::vector<keyed::HostingStatus> hosts() const;

  /// The services of a node, until remove() was called as often; see WatchedNode.
  void add(const ClusterNode& node);
  void remove(const ClusterNode& node);
  /// Of each node that has any, once.
  [[nodiscard]] std::vector<ServiceCounts> services() const;

private:
  const std::uint64_t memory_limit_bytes_;
  mutable std::mutex mutex_;
  std::vector<const RunSight*> runs_;
  std::vector<std::pair<std::shared_ptr<const HostDoor>, std::string>> hosts_;
  std::multiset<const ClusterNode*> nodes_;
};

/// So long after ask() all that is awake has answered, as a rule.
inline constexpr std::chrono::milliseconds time_to_answer{5};

/// Lets a run be watched at some desks for as long as the object lives.
class WatchedRun {
public:
  WatchedRun(const RunSight& run, std::vector<std::shared_ptr<StatusDesk>> desks);
  ~WatchedRun();
  WatchedRun(const WatchedRun&) = delete;
  WatchedRun& operator=(const WatchedRun&) = delete;

private:
  const RunSight& run_;
  std::vector<std::shared_ptr<StatusDesk>> desks_;
};

/// Lets the services of a node be watched at a desk, if there is one, for as long as the object
/// lives.
class WatchedNode {
public:
  WatchedNode(const ClusterNode& node, std::shared_ptr<StatusDesk> desk);
  ~WatchedNode();
  WatchedNode(const WatchedNode&) = delete;
  WatchedNode& operator=(const WatchedNode&) = delete;

private:
  const ClusterNode& node_;
  std::shared_ptr<StatusDesk> desk_;
};

/// The desk of an exporter at `options.address`, which is started unless another run of this
/// process has one there; null without an address. The exporter ends with the last user of the
/// desk.
///
/// Throws UsageError (io_error) if it cannot listen there.
[[nodiscard]] std::shared_ptr<StatusDesk> exported_desk(const MonitoringOptions& options);

/// For World::wall_clock.
[[nodiscard]] double steady_seconds();

/// Of the wall clock, UTC.
[[nodiscard]] double seconds_since_1970();

} // namespace detail

} // namespace stos

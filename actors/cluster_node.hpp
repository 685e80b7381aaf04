#pragma once

#include "actors/caf_types.hpp"
#include "actors/cluster_messages.hpp"
#include "libstos/agent/run_options.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos {

namespace detail {

class StatusDesk;

/// What the node's actor knows, for threads that wait for it.
struct NodeView {
  using RunName = std::pair<std::string, std::uint64_t>;

  std::mutex mutex;
  std::condition_variable changed;
  bool complete = false;
  std::optional<Error> failure;
  std::vector<Membership::Member> members;
  std::size_t own_index = 0;
  std::map<std::string, std::chrono::steady_clock::time_point> heard;  ///< by name of the node
  std::map<RunName, std::map<std::size_t, RunAnnouncement>> announced; ///< by index of the node
  std::vector<std::pair<std::string, caf::actor>> runs; ///< of this node, by simulation
};

} // namespace detail

/// This process as a node of a cluster, for as long as the object lives: it listens on the address
/// of its options, finds the other nodes and keeps watch over them.
///
/// A program that sets `distributed: true` need not know of it: the first run makes one that lasts
/// until the thread ends, as a rule with the program. An application with an actor system of its
/// own makes one by itself, and gives both to its ThreadPools.
///
/// Threads: all functions may be called from any thread.
/// Errors:  UsageError: io_error if it cannot listen, bad_config if it is not wanted in the
/// cluster,
///          node_lost if a node does not come or is lost.
class ClusterNode {
public:
  /// `system` must have CAF's middleman and outlive the object.
  ClusterNode(caf::actor_system& system, const ClusterOptions& options,
              const MonitoringOptions& monitoring = {});
  ~ClusterNode();
  ClusterNode(const ClusterNode&) = delete;
  ClusterNode& operator=(const ClusterNode&) = delete;

  /// The node that this process is when it is none by another way, on an actor system of its own
  /// with `workers` threads. It lasts until all threads have ended that have asked for it.
  [[nodiscard]] static ClusterNode& of_process(const RunOptions& options, std::uint32_t workers);

  [[nodiscard]] caf::actor_system& system() { return system_; }
  [[nodiscard]] const ClusterOptions& options() const { return options_; }

  /// Looks for an agent of a simulation that runs on the cluster; see stos::find_agent().
  [[nodiscard]] Result<caf::actor> find_agent(const FindAgent& wanted, caf::timespan timeout);

  struct Roster {
    std::vector<std::string> names; ///< of all nodes
    std::size_t own_index;
  };

  /// Waits until all nodes have come.
  [[nodiscard]] Roster wait_for_all();

  /// Tells the others that this node has come to its next meeting for `simulation`, and waits until
  /// they have come there, too. Returns what they say, by index (and this node's own words). A run
  /// begins with one meeting, or with some more if nodes have not made the same set-up; all of them
  /// have to take part in each. Waits for at most cluster.start_timeout.
  [[nodiscard]] std::vector<detail::RunAnnouncement>
  meet_for_run(const std::string& simulation, const detail::Bytes& set_up, const caf::actor& run);

  /// Where its runs can be watched.
  [[nodiscard]] const std::shared_ptr<detail::StatusDesk>& desk() const { return desk_; }

  /// How long nothing was heard of the other nodes, by name; of runs' own frames it does not know.
  [[nodiscard]] std::map<std::string, double> silence_s() const;

  /// The run is over.
  void leave_run(const caf::actor& run);

private:
  void check_failure(const std::unique_lock<std::mutex>& lock) const;

  caf::actor_system& system_;
  const ClusterOptions options_;
  const std::shared_ptr<detail::StatusDesk> desk_;
  std::shared_ptr<detail::NodeView> view_;
  caf::actor actor_;
  std::map<std::string, std::uint64_t> meetings_;
};

} // namespace stos

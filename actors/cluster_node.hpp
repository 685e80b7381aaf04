#pragma once

#include "actors/messages/caf_types.hpp"
#include "actors/messages/cluster_messages.hpp"
#include "libstos/cluster/membership/meetings.hpp"
#include "libstos/cluster/status/node_status.hpp"
#include "libstos/cluster/view/run_ledger.hpp"
#include "libstos/cluster/view/view.hpp"
#include "libstos/options/run_options.hpp"
#include "libstos/service/service_counts.hpp"

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

class Gate;
class NodeDisk;
class StatusDesk;
struct HostSetUp;

/// What the node's actor knows, for threads that wait for it.
struct NodeView {
  /// A run of this node, from its first meeting on.
  struct Run {
    std::string simulation;
    std::uint64_t attempt;
    caf::actor actor;
  };

  std::mutex mutex;
  std::condition_variable changed;
  bool complete = false; ///< there is a view
  std::optional<Error> failure;
  View view;
  std::size_t own_index = 0;
  std::map<std::string, std::chrono::steady_clock::time_point> heard; ///< by name of the node
  std::optional<Meetings> meetings; ///< of this view, once there is one
  std::map<std::pair<std::size_t, std::uint64_t>, caf::actor> elsewhere; ///< runs, by node, attempt
  std::vector<Run> runs;                                                 ///< in this view
  RunLedger ledger;         ///< as far as this node has heard
  RunLedger interrupted;    ///< what it was when this process came
  ContinuityStatus control; ///< of the log and the views, as this node knows them
  ServiceCounts services;   ///< likewise

  caf::actor agent_host;          ///< of the replicated agents of this process, if there is one
  bool has_hosted_agents = false; ///< there is one, or was one

  /// Keeps only those runs of other nodes that a run of this node may have to do with.
  /// @pre locked
  void forget_strangers() {
    std::erase_if(elsewhere, [this](const auto& run) {
      return !meetings->knows(run.first.first, run.first.second);
    });
  }
};

/// The view in which something was to be done is over; it is to be done again in the next one.
struct ViewIsOver {};

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
              const MonitoringOptions& monitoring = {}, const JobsOptions& jobs = {});
  ~ClusterNode();
  ClusterNode(const ClusterNode&) = delete;
  ClusterNode& operator=(const ClusterNode&) = delete;

  /// The node that this process is when it is none by another way, on an actor system of its own
  /// with `workers` threads. It lasts until all threads have ended that have asked for it: a
  /// program whose threads run simulations at once asks for it first in the thread that waits for
  /// them. Throws bad_config if it has other options of a cluster than these; what concerns a
  /// single run (placement, random moves) may differ.
  [[nodiscard]] static ClusterNode& of_process(const RunOptions& options, std::uint32_t workers);

  /// This thread does not need it any more.
  static void leave_process();

  [[nodiscard]] caf::actor_system& system() { return system_; }
  [[nodiscard]] const ClusterOptions& options() const { return options_; }

  /// Looks for an agent of a simulation that runs on the cluster; see stos::find_agent().
  [[nodiscard]] Result<caf::actor> find_agent(const FindAgent& wanted, caf::timespan timeout);

  struct Roster {
    std::vector<std::string> names; ///< of all nodes of the view
    std::size_t own_index;
    std::uint64_t epoch;
    std::string why; ///< it is not the view before any more
  };

  /// Waits until all nodes have come, or for a view after that of `epoch`.
  [[nodiscard]] Roster wait_for_view(std::uint64_t after_epoch = 0);

  /// An attempt of this node to run a simulation with the others, in one view; see Meetings.
  struct AttemptId {
    std::uint64_t epoch;
    std::uint64_t number;
  };

  /// This node is about to run `simulation`, and `run` carries its messages. Throws bad_config if
  /// the simulation runs here already, ViewIsOver if the view has another epoch.
  [[nodiscard]] AttemptId begin_run(std::uint64_t epoch, const std::string& simulation,
                                    const caf::actor& run);

  /// Tells the others that this node has come to the next meeting of its attempt, and waits until
  /// they have come there, too. Returns what they say, by index (and this node's own words). A run
  /// begins with some meetings; all of them have to take part in each. Waits for at most
  /// cluster.start_timeout. Throws ViewIsOver.
  [[nodiscard]] std::vector<detail::RunAnnouncement> meet_for_run(const AttemptId& attempt,
                                                                  const detail::Bytes& set_up);

  /// The run is over; if it has not ended well, because of `why`, as all others come to know. There
  /// is nothing to be told of a view that is over.
  void leave_run(const AttemptId& attempt, const std::optional<std::string>& why);

  /// On the first node of a view: a run has begun whose cuts are of that lineage, or is over. All
  /// nodes come to know, those that start again, too (RunLedger).
  void note_run(std::uint64_t epoch, const detail::RunNote& note);

  /// Waits until that is known here, or the view is over, for at most so long if that is given.
  void wait_until_noted(std::uint64_t epoch, const detail::RunNote& note,
                        std::optional<double> patience_s = {}) const;

  /// The run of that simulation that was under way when all nodes ended, by the lineage of its
  /// cuts; 0 if none was. Asked by the first run of its name.
  [[nodiscard]] std::uint64_t take_interrupted(const std::string& simulation);

  /// The lineage of a run that is under way; 0 if it is not known.
  [[nodiscard]] std::uint64_t lineage_of(const std::string& simulation) const;

  /// The others are to go on without this node, which is of no use to them.
  void leave_cluster();

  /// Likewise, once runs are cut and another view has come; then failure() is Errc::drained. A node
  /// that is alone goes on.
  void drain();

  /// Why this node does not belong to the cluster any more; nothing while it does.
  [[nodiscard]] std::optional<Error> failure() const;

  /// Makes this node one that hosts replicated agents, once there is a view; see ReplicatedAgents.
  /// Throws not_supported if it does so already, or has done so.
  [[nodiscard]] caf::actor host_agents(detail::HostSetUp set_up);

  /// Whether there is a later view, or none for this node any more.
  [[nodiscard]] bool is_over(std::uint64_t epoch) const;

  /// Where its runs can be watched.
  [[nodiscard]] const std::shared_ptr<detail::StatusDesk>& desk() const { return desk_; }

  /// How long nothing was heard of the other nodes, by name; of runs' own frames it does not know.
  [[nodiscard]] std::map<std::string, double> silence_s() const;

  /// What this node knows of the views and the control log; of a run's cuts nothing.
  [[nodiscard]] ContinuityStatus continuity() const;

  /// What this node knows of jobs, locks and shared values; nothing before it is in a view, since
  /// it has not heard yet what all others know.
  [[nodiscard]] std::optional<ServiceCounts> services() const;

private:
  void check(const std::unique_lock<std::mutex>& lock, std::uint64_t epoch) const;
  [[nodiscard]] const detail::NodeView::Run& run_of(const std::unique_lock<std::mutex>& lock,
                                                    std::uint64_t attempt) const;

  caf::actor_system& system_;
  const std::shared_ptr<detail::Gate> gate_;
  const ClusterOptions options_; ///< with the address where it listens
  const std::shared_ptr<detail::StatusDesk> desk_;
  std::shared_ptr<detail::NodeView> view_;
  caf::actor actor_;
};

} // namespace stos

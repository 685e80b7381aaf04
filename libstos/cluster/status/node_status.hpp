#pragma once

#include "libstos/base/bytes.hpp"
#include "libstos/base/duration_histogram.hpp"
#include "libstos/base/result.hpp"
#include "libstos/world/bins.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stos {

/// How many agents of one class live on a node.
struct TypeStatus {
  std::string type;
  std::uint64_t agents = 0;

  friend bool operator==(const TypeStatus&, const TypeStatus&) = default;
};

/// What an observer of the model has seen last, of the agents of a node.
struct ObservedStatus {
  std::string observer;
  double time = 0; ///< of that look
  std::uint64_t count = 0;
  double sum = 0;
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  Bins bins{};

  friend bool operator==(const ObservedStatus&, const ObservedStatus&) = default;
};

/// What has gone over the link between a node and one other node, its peer.
struct PeerStatus {
  std::string peer;
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t lambdas_sent = 0;
  std::uint64_t lambdas_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t credit_used_bytes = 0;  ///< now: sent and not acknowledged
  std::uint64_t credit_limit_bytes = 0; ///< at which the node waits
  std::uint64_t credit_waits = 0;       ///< frames that had to wait
  double silence_s = 0;                 ///< since the peer was last heard

  friend bool operator==(const PeerStatus&, const PeerStatus&) = default;
};

/// What the operating system says about the process of a node.
struct ProcessStatus {
  double cpu_s = 0; ///< of all threads, in user and kernel mode
  std::uint64_t resident_bytes = 0;
  std::uint64_t memory_limit_bytes = 0; ///< that it should stay below; 0: none
  std::uint64_t threads = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0; ///< 0: any number
  double started_s = 0;             ///< when it began, in seconds since 1970 (UTC)

  friend bool operator==(const ProcessStatus&, const ProcessStatus&) = default;
};

/// What lets a run go on when a node is lost, as one node knows it: the cluster's control log, and
/// the cuts of the run.
struct ContinuityStatus {
  std::uint64_t epoch = 0;      ///< of the node's view; 0: it is no node of a cluster
  std::uint64_t members = 0;    ///< nodes of that view
  std::uint64_t leads = 0;      ///< 1: this node leads the log
  std::uint64_t term = 0;       ///< of the log's leader
  std::uint64_t log_length = 0; ///< entries
  std::uint64_t joined = 0;     ///< nodes that have come since the cluster began,
  std::uint64_t left = 0;       ///< that have left it, as they were asked to,
  std::uint64_t lost = 0;       ///< and that were lost
  std::uint64_t cuts = 0;       ///< of the run, complete
  double cut_time = 0;          ///< laboratory time of the last one
  double cut_taken_s = 0;       ///< when it was, in seconds since 1970 (UTC); 0: there is none yet
  std::uint64_t copies_missing = 0; ///< of it, on other nodes (cluster.copies); the first node knows
  std::uint64_t recoveries = 0; ///< times the run has gone on in another view
  double recovery_s = 0;        ///< wall-clock time that this took, all together

  friend bool operator==(const ContinuityStatus&, const ContinuityStatus&) = default;
};

/// Everything that can be seen of one simulation on one node, at one moment.
///
/// It is what an exporter turns into metrics, what nodes tell each other, and what `stos top`
/// draws. Counters begin with the run and never go back.
///
/// Units:   seconds; laboratory time unless a comment says otherwise.
/// Order:   `types` by type, `peers` by name, `observed` by observer, each name once; add_agents(),
///          take_observed() and take_news() keep it.
/// Threads: none inside.
/// Limits:  none inside; read_status() allocates in proportion to its input.
struct NodeStatus {
  std::string simulation;
  std::string node;
  std::string version;  ///< of libstos
  double taken_s = 0;   ///< when, in seconds since 1970 (UTC)
  double running_s = 0; ///< wall-clock time since the run began

  std::vector<TypeStatus> types;
  std::uint64_t agents_born = 0; ///< initial agents and children; not those that moved in
  std::uint64_t agents_died = 0;
  std::uint64_t agents_blocked = 0; ///< now: have a lambda that they may not absorb yet

  std::uint64_t events = 0;
  std::uint64_t lambdas_sent_local = 0;  ///< to agents of the same node; and timers
  std::uint64_t lambdas_sent_remote = 0; ///< to agents of other nodes
  std::uint64_t lambdas_dropped = 0;     ///< here, at agents that died first
  std::uint64_t lambdas_in_flight = 0;   ///< now: here, neither absorbed nor dropped yet

  double simulated_time = 0; ///< of the latest event
  double lower_bound = 0;    ///< no event is still to come before it, anywhere; infinite: the end
  double end_time = std::numeric_limits<double>::infinity(); ///< of the boundary

  std::uint64_t activations = 0;       ///< times an agent was taken up to see what it can execute
  std::uint64_t empty_activations = 0; ///< those of them in which it executed nothing
  std::uint64_t wakeups = 0;           ///< times a worker was woken because of another one's news
  DurationHistogram event_durations;
  DurationHistogram activation_durations;

  std::uint64_t mailbox_longest = 0; ///< lambdas that wait at the agent with the most of them
  std::uint64_t mailbox_limit = 0;   ///< at which the run fails; 0: unknown

  std::uint64_t global_time_rounds = 0; ///< in which all nodes find out something together
  std::uint64_t migrations_done = 0;    ///< agents that have moved from here to another node
  std::uint64_t migrations_refused = 0; ///< that are here, were to move, and cannot
  std::uint64_t migrations_failed = 0;  ///< asked for here: no such agent, or too late

  std::vector<ObservedStatus> observed;
  std::vector<PeerStatus> peers;
  ProcessStatus process;
  ContinuityStatus continuity;

  friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};

/// Agents of all types together.
[[nodiscard]] std::uint64_t agents_of(const NodeStatus& status);

/// Whether no event is left before the boundary.
[[nodiscard]] bool is_finished(const NodeStatus& status);

/// Counts `agents` more of `type`; of no agents nothing remains to be told.
void add_agents(NodeStatus& status, std::string_view type, std::uint64_t agents);

/// Puts `seen` in the place of what that observer has seen before.
void take_observed(std::vector<ObservedStatus>& known, ObservedStatus seen);

/// Puts `news` in the place of what is known of that node and simulation, unless that is younger.
/// `known` is in the order of simulation and node, and stays so.
void take_news(std::vector<NodeStatus>& known, NodeStatus news);

/// The nodes of each simulation, one span for each. @pre `statuses` are as take_news() keeps them
[[nodiscard]] std::vector<std::span<const NodeStatus>>
by_simulation(std::span<const NodeStatus> statuses);

/// All nodes of one simulation as if they were one: sums of what is counted; the latest event; the
/// least lower bound; the longest mailbox; what observers have seen, together; of what lets the run
/// go on, what the node says that has the newest view. It has no name and no peers.
[[nodiscard]] NodeStatus total_of(std::span<const NodeStatus> nodes);

/// `status` as bytes, for the other nodes: all of them run the same build.
void write_status(const NodeStatus& status, BytesWriter& out);

/// Reads what write_status() has written, of any bytes. Fails with Errc::bad_message if that is no
/// status; `in` has failed then, too.
[[nodiscard]] Result<NodeStatus> read_status(BytesReader& in);

} // namespace stos

#pragma once

#include "libstos/options/agents_options.hpp"
#include "libstos/options/cluster_options.hpp"
#include "libstos/options/jobs_options.hpp"
#include "libstos/options/monitoring_options.hpp"
#include "libstos/options/snapshot_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace stos {

/// Whether a run draws its progress line on the terminal.
enum class ProgressMode {
  automatic, ///< only when standard error is a terminal
  always,
  never
};

/// How the workers of a thread pool share the work.
enum class SchedulerPolicy {
  sharing, ///< one common queue; an idle worker sleeps
  stealing ///< one queue per worker; an idle worker polls its neighbours (about every 50 us)
};

/// Whether the agents of a node are divided among its workers.
enum class ParallelMode {
  automatic, ///< where that is faster than one worker alone, which is tried out at times
  always,
  never ///< one worker takes care of all of them
};

/// Everything about one run that is decided outside the program's model.
///
/// Plain values. The defaults below are the product's defaults; `config/stos.yaml` documents each
/// of them for users, and the loader in `config/` is the only place that checks the ranges.
/// No option but `seed` and `end_time_s` changes which events happen (the determinism contract).
///
/// Units:   the suffix of each name; `_s` is seconds.
/// Threads: none inside.
/// Owns:    its strings.
/// Limits:  `events_per_slice`, `mailbox_lambdas_max`, `instant_depth_max`, `trace_events_max`, and
///          those of `snapshot`, `cluster`, `jobs`, `agents` and `monitoring`.
struct RunOptions {
  /// Name of the simulation in logs, metrics and traces. 1 to 64 of `A-Z a-z 0-9 _ . -`.
  std::string simulation_name = "default";

  /// Seed of every agent's random stream. Any 64-bit value. Default 1.
  std::uint64_t seed = 1;

  /// Lab time at which the run ends, in seconds; overrides the end time that a program passes to
  /// start(). 1e-9 to 1e12. Default: none, the program's end time holds.
  std::optional<double> end_time_s;

  /// true: the serial engine, whatever ThreadPool<N> says. false says the same as none here (it
  /// takes back a true of an earlier source of configuration). Default: none, the program decides.
  std::optional<bool> serial;

  /// Number of workers; overrides N of ThreadPool<N>. 0 is the serial engine. 0 to 1,024.
  /// Default: none, the program decides.
  std::optional<std::uint32_t> workers;

  /// Groups of agents ("domains") per worker; a worker runs one group at a time. 1 to 64.
  std::uint32_t domains_per_worker = 1;

  /// How workers find their next domain. Default sharing.
  SchedulerPolicy scheduler_policy = SchedulerPolicy::sharing;

  /// Events that a domain executes before it gives its worker back. 1 to 1e9.
  std::uint32_t events_per_slice = 4096;

  /// Whether agents are divided among the workers. A node of a cluster takes automatic for always.
  /// Default automatic.
  ParallelMode parallel = ParallelMode::automatic;

  /// true: where one domain has more to do than the others, agents are divided among the domains
  /// anew, by what they have executed. On one node, with one domain per worker. Default true.
  bool divide_by_load = true;

  /// Lambdas that may wait at one agent at one time, emitted and not yet absorbed; the next one
  /// fails the run. 1 to 1e12.
  std::uint64_t mailbox_lambdas_max = 1'000'000;

  /// Longest chain of events at one instant of lab time, each caused by the one before it. A longer
  /// one is a cycle of co-located agents without reaction time and fails the run. 1 to 1e9.
  std::uint32_t instant_depth_max = 10'000;

  /// Records of the trace of a run, of all nodes; the next one fails the run. 1 to 1e12.
  std::uint64_t trace_events_max = 10'000'000;

  /// Reports that all agents of a run make, in set-up, events and destructors, on all nodes; the
  /// next one fails the run. 1 to 1e12.
  std::uint64_t reports_max = 10'000'000;

  /// true: print the digest of the run and nothing else. Default false.
  bool digest_only = false;

  /// true: the value digest has what all lambdas carry, which costs time; see
  /// RunSummary::value_digest(). Default false: of those that carry numbers only.
  bool values = false;

  /// File that receives the trace, one event a line. Default empty: no trace.
  std::string trace_path;

  /// File that receives the summary of the run as JSON. Default empty: none.
  std::string summary_path;

  /// File that receives what observers have seen, as CSV. Default empty: none.
  std::string observations_path;
  /// File that receives all reports of the run as a table (CSV). Default empty: none.
  std::string reports_path;
  /// File that receives what agents record, while the run goes on: see Agent::record(). As lines of
  /// JSON if its name ends in .jsonl or .ndjson, else as CSV. Default empty: none.
  std::string records_path;

  /// Whether to draw the progress line. Default automatic.
  ProgressMode progress = ProgressMode::automatic;

  /// Wall-clock seconds between two updates of the progress line. 0.01 to 86,400. Default 1.
  double progress_interval_s = 1.0;

  /// When the world is saved, where, and what a run goes on from.
  SnapshotOptions snapshot;

  /// true: this process is one node of a cluster, and runs at least one worker. Default false.
  bool distributed = false;

  /// Which node of which cluster; without meaning unless `distributed`.
  ClusterOptions cluster;

  /// What this node does for the jobs of its cluster; without meaning unless `distributed`.
  JobsOptions jobs;

  /// How this process hosts replicated agents, if its program has any.
  AgentsOptions agents;

  /// How others can watch this process.
  MonitoringOptions monitoring;

  friend bool operator==(const RunOptions&, const RunOptions&) = default;
};

} // namespace stos

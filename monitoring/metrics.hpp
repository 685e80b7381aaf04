#pragma once

#include "monitoring/metric.hpp"
#include "monitoring/service_metrics.hpp"

#include <array>

namespace stos {

/// All metrics of a node: the only place, with service_metrics.hpp, where their names, labels,
/// units and meanings are written.
///
/// The table in monitoring/README.md repeats them, and a test compares the two. Names follow the
/// conventions of Prometheus: base units, the unit last, `_total` for counters. Values of labels
/// are few: names of simulations, nodes, classes of agents and observers, of at most 20 quotas, and
/// what a help text lists; there is nothing that grows with the number of agents.
///
/// Units:   "simulated" seconds are laboratory time, all others wall-clock time.
/// Source:  https://prometheus.io/docs/practices/naming
namespace metrics {

using enum MetricType;

inline constexpr Metric build_info = {"stos_build_info", gauge, "version", "",
                                      "Always 1; the version of libstos is a label."};

inline constexpr Metric agents = {"stos_agents", gauge, "type", "agents",
                                  "Agents that live on the node, by their class."};
inline constexpr Metric agents_born = {
    "stos_agents_born_total", counter, "", "agents",
    "Agents that began their life on the node: initial ones and children."};
inline constexpr Metric agents_died = {"stos_agents_died_total", counter, "", "agents",
                                       "Agents that died on the node by their own decision."};
inline constexpr Metric agents_blocked = {"stos_agents_blocked", gauge, "", "agents",
                                          "Agents that have a lambda which they may not absorb "
                                          "yet, since an earlier one can still come."};

inline constexpr Metric events = {"stos_events_total", counter, "", "events",
                                  "Lambdas that agents of the node have absorbed."};
inline constexpr Metric lambdas_sent = {
    "stos_lambdas_sent_total", counter, "locality", "lambdas",
    "Lambdas that agents of the node have sent: to agents of the same node (local, with timers) or "
    "of another one (remote)."};
inline constexpr Metric lambdas_dropped = {
    "stos_lambdas_dropped_total", counter, "", "lambdas",
    "Lambdas that reached an agent of the node after its death."};
inline constexpr Metric lambdas_in_flight = {
    "stos_lambdas_in_flight", gauge, "", "lambdas",
    "Lambdas on the node that are neither absorbed nor dropped yet."};

inline constexpr Metric simulated_time = {"stos_simulated_time_seconds", gauge, "",
                                          "simulated seconds",
                                          "Laboratory time of the latest event on the node."};
inline constexpr Metric lower_bound = {
    "stos_lower_bound_seconds", gauge, "", "simulated seconds",
    "Laboratory time before which no event is still to come, as the node knows; +Inf at the end."};
inline constexpr Metric end_time = {
    "stos_end_time_seconds", gauge, "", "simulated seconds",
    "Laboratory time at which the run ends; +Inf if it is not known."};
inline constexpr Metric running_time = {"stos_running_time_seconds", gauge, "", "seconds",
                                        "Time since the run began."};

inline constexpr Metric activations = {"stos_activations_total", counter, "result", "activations",
                                       "Times an agent was taken up to see what it can execute: "
                                       "some events (executed) or none (empty)."};
inline constexpr Metric wakeups = {
    "stos_wakeups_total", counter, "", "wake-ups",
    "Times a worker was woken because another one, or another node, had news."};
inline constexpr Metric event_duration = {"stos_event_duration_seconds", histogram, "", "seconds",
                                          "How long events took to execute, of a sample of them."};
inline constexpr Metric activation_duration = {"stos_activation_duration_seconds", histogram, "",
                                               "seconds",
                                               "How long activations took, of a sample of them."};

inline constexpr Metric mailbox_longest = {
    "stos_mailbox_longest_lambdas", gauge, "", "lambdas",
    "Lambdas that wait at the agent of the node that has the most of them."};
inline constexpr Metric mailbox_limit = {"stos_mailbox_limit_lambdas", gauge, "", "lambdas",
                                         "Lambdas that may wait at one agent; one more fails the "
                                         "run."};

inline constexpr Metric model_time = {
    "stos_model_time_seconds", gauge, "observer", "simulated seconds",
    "Laboratory time at which the observer has looked last; absent before its first look."};
inline constexpr Metric model_agents = {"stos_model_agents", gauge, "observer", "agents",
                                        "Agents of the node that the observer has counted then."};
inline constexpr Metric model_value = {
    "stos_model_value", gauge, "observer", "",
    "What these agents have shown, added up: the sum over nodes is that of the model."};
inline constexpr Metric model_least = {
    "stos_model_least", gauge, "observer", "",
    "The least that one of them has shown; absent if there was none."};
inline constexpr Metric model_greatest = {
    "stos_model_greatest", gauge, "observer", "",
    "The most that one of them has shown; absent if there was none."};
inline constexpr Metric model_bin = {
    "stos_model_bin", gauge, "observer from", "agents",
    "Agents of the node whose number lies in the bin that begins with `from`, -Inf or a bound; of "
    "observers with bins."};

inline constexpr Metric link_frames = {
    "stos_link_frames_total", counter, "peer direction", "frames",
    "Frames between the node and its peer, sent or received by the node."};
inline constexpr Metric link_lambdas = {
    "stos_link_lambdas_total", counter, "peer direction", "lambdas",
    "Lambdas between the node and its peer, sent or received by the node."};
inline constexpr Metric link_bytes = {
    "stos_link_bytes_total", counter, "peer direction", "bytes",
    "Bytes of frames between the node and its peer, sent or received by the node."};
inline constexpr Metric link_credit_used = {
    "stos_link_credit_used_bytes", gauge, "peer", "bytes",
    "Bytes that were sent to the peer and that it has not acknowledged."};
inline constexpr Metric link_credit_limit = {"stos_link_credit_limit_bytes", gauge, "peer", "bytes",
                                             "Bytes on their way to the peer at which the node "
                                             "waits."};
inline constexpr Metric link_credit_waits = {
    "stos_link_credit_waits_total", counter, "peer", "frames",
    "Frames that had to wait because too much was on its way to the peer."};
inline constexpr Metric link_silence = {"stos_link_silence_seconds", gauge, "peer", "seconds",
                                        "Time since the node last heard of its peer."};

inline constexpr Metric global_time_rounds = {
    "stos_global_time_rounds_total", counter, "", "rounds",
    "Rounds in which all nodes find out something together: that the run is over, or a moment at "
    "which agents may move or something from outside may come in."};
inline constexpr Metric migrations = {
    "stos_migrations_total", counter, "result", "agents",
    "Agents that were to move to another node: done and refused, from this one; failed, asked for "
    "here: there is no such agent, or it was too late."};

inline constexpr Metric view_epoch = {
    "stos_view_epoch", gauge, "", "",
    "Number of the cluster's view, as the node knows it: one more each time nodes come or go."};
inline constexpr Metric view_members = {"stos_view_members", gauge, "", "nodes",
                                        "Nodes of the cluster's view, as the node knows it."};
inline constexpr Metric members_joined = {"stos_members_joined_total", counter, "", "nodes",
                                          "Nodes that have come since the cluster began."};
inline constexpr Metric members_left = {"stos_members_left_total", counter, "", "nodes",
                                        "Nodes that have left, as they were asked to."};
inline constexpr Metric members_lost = {"stos_members_lost_total", counter, "", "nodes",
                                        "Nodes that were lost."};
inline constexpr Metric log_leads = {
    "stos_log_leads", gauge, "", "",
    "1 on the node that leads the cluster's control log, 0 on all others."};
inline constexpr Metric log_term = {"stos_log_term", gauge, "", "",
                                    "Term of the control log: one more with each election."};
inline constexpr Metric log_entries = {"stos_log_entries", gauge, "", "entries",
                                       "Entries of the control log since the cluster began."};
inline constexpr Metric cuts = {"stos_cuts_total", counter, "", "cuts",
                                "Cuts of the run that are complete, as the node knows."};
inline constexpr Metric cut_time = {"stos_cut_time_seconds", gauge, "", "simulated seconds",
                                    "Laboratory time of the last complete cut; absent before it."};
inline constexpr Metric cut_taken = {
    "stos_cut_taken_time_seconds", gauge, "", "seconds",
    "When that was, in seconds since 1970 (UTC); absent before it."};
inline constexpr Metric copies_missing = {
    "stos_copies_missing", gauge, "", "copies",
    "Copies of the last complete cut that other nodes should have (cluster.copies) and do not; the "
    "first node of the run knows."};
inline constexpr Metric recoveries = {
    "stos_recoveries_total", counter, "", "recoveries",
    "Times the run has gone on in another view, since nodes were lost, left or came."};
inline constexpr Metric recovery_time = {
    "stos_recovery_time_seconds_total", counter, "", "seconds",
    "Time from the end of a view to the run's going on in the next one, all together."};

inline constexpr Metric process_cpu = {"stos_process_cpu_seconds_total", counter, "", "seconds",
                                       "Processor time of all threads of the process."};
inline constexpr Metric process_memory = {"stos_process_resident_memory_bytes", gauge, "", "bytes",
                                          "Memory of the process that is in use."};
inline constexpr Metric process_memory_limit = {
    "stos_process_memory_limit_bytes", gauge, "", "bytes",
    "Memory that the process should stay below, as configured; absent without such a limit."};
inline constexpr Metric process_threads = {"stos_process_threads", gauge, "", "threads",
                                           "Threads of the process."};
inline constexpr Metric process_open_files = {"stos_process_open_files", gauge, "", "files",
                                              "Open file descriptors of the process."};
inline constexpr Metric process_open_files_limit = {
    "stos_process_open_files_limit", gauge, "", "files",
    "File descriptors that the process may have; absent without a limit."};
inline constexpr Metric process_start_time = {
    "stos_process_start_time_seconds", gauge, "", "seconds",
    "When the process began, in seconds since 1970 (UTC)."};

/// In the order in which they are exposed and documented.
inline constexpr std::array all = {build_info,
                                   agents,
                                   agents_born,
                                   agents_died,
                                   agents_blocked,
                                   events,
                                   lambdas_sent,
                                   lambdas_dropped,
                                   lambdas_in_flight,
                                   simulated_time,
                                   lower_bound,
                                   end_time,
                                   running_time,
                                   activations,
                                   wakeups,
                                   event_duration,
                                   activation_duration,
                                   mailbox_longest,
                                   mailbox_limit,
                                   model_time,
                                   model_agents,
                                   model_value,
                                   model_least,
                                   model_greatest,
                                   model_bin,
                                   link_frames,
                                   link_lambdas,
                                   link_bytes,
                                   link_credit_used,
                                   link_credit_limit,
                                   link_credit_waits,
                                   link_silence,
                                   global_time_rounds,
                                   migrations,
                                   view_epoch,
                                   view_members,
                                   members_joined,
                                   members_left,
                                   members_lost,
                                   log_leads,
                                   log_term,
                                   log_entries,
                                   cuts,
                                   cut_time,
                                   cut_taken,
                                   copies_missing,
                                   recoveries,
                                   recovery_time,
                                   process_cpu,
                                   process_memory,
                                   process_memory_limit,
                                   process_threads,
                                   process_open_files,
                                   process_open_files_limit,
                                   process_start_time,
                                   replicated_commands,
                                   replicated_queries,
                                   replicated_transactions,
                                   replicated_command_duration,
                                   replicated_query_duration,
                                   replicated_transaction_duration,
                                   replicated_nodes,
                                   replicated_agents,
                                   replicated_kept,
                                   replicated_groups,
                                   replicated_replicas,
                                   replicated_leader_changes,
                                   replicated_splits,
                                   replicated_merges,
                                   replicated_callbacks,
                                   replicated_quota_agents,
                                   replicated_quota_limit,
                                   jobs,
                                   jobs_ended,
                                   jobs_parts_waiting,
                                   jobs_runs,
                                   jobs_slots,
                                   locks_claims,
                                   locks_granted,
                                   locks_clients,
                                   locks_leases_lost,
                                   values_keys,
                                   values_changes};

} // namespace metrics
} // namespace stos

#pragma once

#include "monitoring/metric.hpp"

/// The part of metrics.hpp that is about what belongs to no simulation: replicated agents, jobs,
/// locks and shared values. What is of the cluster, each node says as it knows it: all say the
/// same, or what was so a moment ago.
namespace stos::metrics {

using enum MetricType;

inline constexpr Metric replicated_commands = {
    "stos_replicated_commands_total", counter, "result", "commands",
    "Commands for replicated agents that callers on the node have given, by what they were "
    "answered: done, failed (the callback has thrown), agent_not_found, quota_not_found, "
    "quota_limit_reached, rate_limit_reached, no_leader, timeout, bad_request, locked "
    "(transactions "
    "have kept the agent), try_later (too many are under way)."};
inline constexpr Metric replicated_queries = {
    "stos_replicated_queries_total", counter, "result", "queries",
    "Queries of replicated agents that callers on the node have made, likewise."};
inline constexpr Metric replicated_transactions = {
    "stos_replicated_transactions_total", counter, "result", "transactions",
    "Transactions of replicated agents that callers on the node have wanted to commit, likewise; "
    "those that took too long: aborted."};
inline constexpr Metric replicated_command_duration = {
    "stos_replicated_command_duration_seconds", histogram, "", "seconds",
    "How long callers have waited for the answers to commands."};
inline constexpr Metric replicated_query_duration = {
    "stos_replicated_query_duration_seconds", histogram, "", "seconds",
    "How long callers have waited for the answers to queries."};
inline constexpr Metric replicated_transaction_duration = {
    "stos_replicated_transaction_duration_seconds", histogram, "", "seconds",
    "How long callers have waited for the ends of transactions."};
inline constexpr Metric replicated_nodes = {
    "stos_replicated_nodes", gauge, "", "nodes",
    "Nodes that host replicated agents, as the node knows."};
inline constexpr Metric replicated_agents = {
    "stos_replicated_agents", gauge, "", "agents",
    "Replicated agents of the groups that the node leads: the sum over nodes is that of all."};
inline constexpr Metric replicated_kept = {
    "stos_replicated_kept_agents", gauge, "", "agents",
    "Those of them that are kept for transactions that are not over."};
inline constexpr Metric replicated_groups = {
    "stos_replicated_groups", gauge, "state", "groups",
    "Groups of replicated agents, and that of the quotas, as the node knows: those that are where "
    "they are to be (settled), and those that get other nodes or give agents to others (moving)."};
inline constexpr Metric replicated_replicas = {
    "stos_replicated_replicas", gauge, "role", "groups",
    "Groups that the node has a replica of: that it leads (leader), that another node leads "
    "(follower), or of which it knows no leader (leaderless)."};
inline constexpr Metric replicated_leader_changes = {"stos_replicated_leader_changes_total",
                                                     counter, "", "leaders",
                                                     "Times the node has begun to lead a group."};
inline constexpr Metric replicated_splits = {"stos_replicated_splits_total", counter, "", "groups",
                                             "Groups that the node has led and had divided."};
inline constexpr Metric replicated_merges = {
    "stos_replicated_merges_total", counter, "", "groups",
    "Groups that the node has led and had merged with their neighbours."};
inline constexpr Metric replicated_callbacks = {
    "stos_replicated_callbacks_waiting", gauge, "", "callbacks",
    "Callbacks with side effects that the node has not done yet; a group with 10,000 of them takes "
    "no commands."};
inline constexpr Metric replicated_quota_agents = {
    "stos_replicated_quota_agents", gauge, "quota", "agents",
    "Agents of the quota: of the 20 quotas that are used most, on the node that leads the group of "
    "quotas."};
inline constexpr Metric replicated_quota_limit = {"stos_replicated_quota_limit_agents", gauge,
                                                  "quota", "agents",
                                                  "Agents that there may be of this quota."};

inline constexpr Metric jobs = {"stos_jobs", gauge, "state", "jobs",
                                "Jobs of the cluster that are not over, as the node knows: whose "
                                "parts are not known yet (split), those with parts to be done "
                                "(parts), and those whose results are made one (reduction)."};
inline constexpr Metric jobs_ended = {
    "stos_jobs_ended_total", counter, "result", "jobs",
    "Jobs of the cluster that are over, as the node knows: done, failed, cancelled."};
inline constexpr Metric jobs_parts_waiting = {
    "stos_jobs_parts_waiting", gauge, "", "parts",
    "Parts of all jobs that are neither done nor running, as the node knows."};
inline constexpr Metric jobs_runs = {
    "stos_jobs_runs_total", counter, "result", "runs",
    "Runs of parts that are over, on all nodes, as the node knows: with a result (good), without "
    "one (failed), with their node (lost), or ended since another run or the end of the job came "
    "first (unneeded). What has failed or was lost is tried again."};
inline constexpr Metric jobs_slots = {"stos_jobs_slots", gauge, "state", "slots",
                                      "Parts that the node can run at a time: busy and free."};
inline constexpr Metric locks_claims = {
    "stos_locks_claims", gauge, "state", "claims",
    "Claims to locks of the cluster, as the node knows: held and waiting."};
inline constexpr Metric locks_granted = {"stos_locks_granted_total", counter, "", "claims",
                                         "Claims that were granted since the cluster began."};
inline constexpr Metric locks_clients = {"stos_locks_clients", gauge, "", "clients",
                                         "Clients of locks and shared values that have a lease."};
inline constexpr Metric locks_leases_lost = {
    "stos_locks_leases_lost_total", counter, "", "leases",
    "Leases that have ended without a word of their client, and with them what it held."};
inline constexpr Metric values_keys = {"stos_values_keys", gauge, "", "keys",
                                       "Keys that have a shared value."};
inline constexpr Metric values_changes = {"stos_values_changes_total", counter, "", "changes",
                                          "Changes of shared values since the cluster began."};

} // namespace stos::metrics

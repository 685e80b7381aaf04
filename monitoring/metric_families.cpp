#include "monitoring/metric_families.hpp"

#include "libstos/base/assert.hpp"
#include "libstos/base/exact_text.hpp"
#include "monitoring/metrics.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace stos::detail {
namespace {

prometheus::MetricType type_of(const Metric& metric) {
  switch (metric.type) {
    case MetricType::counter: return prometheus::MetricType::Counter;
    case MetricType::gauge: return prometheus::MetricType::Gauge;
    case MetricType::histogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

/// A family for each metric, and the series of one status after the other.
class Families {
public:
  Families() {
    families_.reserve(metrics::all.size());
    for (const Metric& metric : metrics::all) {
      prometheus::MetricFamily family;
      family.name = metric.name;
      family.help = metric.help;
      family.type = type_of(metric);
      families_.push_back(std::move(family));
    }
  }

  /// What follows is about `status`.
  void begin(const NodeStatus& status) {
    labels_ = {{"simulation", status.simulation}, {"node", status.node}};
  }
  /// Likewise, about a node without a simulation.
  void begin(const std::string& node) { labels_ = {{"node", node}}; }

  /// `labels` are the values of the metric's further labels, in their order.
  template <class Number>
  void add(const Metric& metric, Number number,
           std::initializer_list<std::string_view> labels = {}) {
    const auto value = static_cast<double>(number);
    prometheus::ClientMetric& series = append(metric, labels);
    if (metric.type == MetricType::counter)
      series.counter.value = value;
    else
      series.gauge.value = value;
  }

  void add(const Metric& metric, const DurationHistogram& durations) {
    prometheus::ClientMetric::Histogram& histogram = append(metric, {}).histogram;
    histogram.sample_sum = durations.sum_s;
    for (std::size_t i = 0; i < DurationHistogram::classes; ++i) {
      histogram.sample_count += durations.counts[i];
      const bool is_last = i == DurationHistogram::bounds_s.size();
      histogram.bucket.push_back(
          {histogram.sample_count,
           is_last ? std::numeric_limits<double>::infinity() : DurationHistogram::bounds_s[i]});
    }
  }

  std::vector<prometheus::MetricFamily> take() {
    std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
    return std::move(families_);
  }

private:
  prometheus::ClientMetric& append(const Metric& metric,
                                   std::initializer_list<std::string_view> labels) {
    const auto at = std::ranges::find(metrics::all, metric.name, &Metric::name);
    STOS_ASSERT(at != metrics::all.end(), std::string(metric.name) + " is not in metrics::all");
    auto& series = families_[static_cast<std::size_t>(at - metrics::all.begin())].metric;
    prometheus::ClientMetric& added = series.emplace_back();
    added.label = labels_;
    std::string_view names = metric.labels;
    for (const std::string_view value : labels) {
      const std::string_view name = names.substr(0, names.find(' '));
      STOS_ASSERT(!name.empty(), std::string(metric.name) + " has fewer labels than were given");
      added.label.push_back({std::string(name), std::string(value)});
      names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    STOS_ASSERT(names.empty(),
                std::string(metric.name) + " lacks a value of its label " + std::string(names));
    return added;
  }

  std::vector<prometheus::MetricFamily> families_;
  std::vector<prometheus::ClientMetric::Label> labels_;
};

void add_run(Families& families, const NodeStatus& s) {
  using namespace metrics;
  families.add(build_info, 1, {s.version});
  for (const TypeStatus& type : s.types)
    families.add(agents, type.agents, {type.type});
  families.add(agents_born, s.agents_born);
  families.add(agents_died, s.agents_died);
  families.add(agents_blocked, s.agents_blocked);
  families.add(metrics::events, s.events);
  families.add(lambdas_sent, s.lambdas_sent_local, {"local"});
  families.add(lambdas_sent, s.lambdas_sent_remote, {"remote"});
  families.add(lambdas_dropped, s.lambdas_dropped);
  families.add(lambdas_in_flight, s.lambdas_in_flight);
  families.add(simulated_time, s.simulated_time);
  families.add(lower_bound, s.lower_bound);
  families.add(end_time, s.end_time);
  families.add(running_time, s.running_s);
  const std::uint64_t empty = std::min(s.empty_activations, s.activations);
  families.add(activations, s.activations - empty, {"executed"});
  families.add(activations, empty, {"empty"});
  families.add(wakeups, s.wakeups);
  families.add(event_duration, s.event_durations);
  families.add(activation_duration, s.activation_durations);
  families.add(mailbox_longest, s.mailbox_longest);
  if (s.mailbox_limit > 0)
    families.add(mailbox_limit, s.mailbox_limit);
  families.add(global_time_rounds, s.global_time_rounds);
  families.add(migrations, s.migrations_done, {"done"});
  families.add(migrations, s.migrations_refused, {"refused"});
  families.add(migrations, s.migrations_failed, {"failed"});
}

void add_peer(Families& families, const PeerStatus& p) {
  using namespace metrics;
  families.add(link_frames, p.frames_sent, {p.peer, "sent"});
  families.add(link_frames, p.frames_received, {p.peer, "received"});
  families.add(link_lambdas, p.lambdas_sent, {p.peer, "sent"});
  families.add(link_lambdas, p.lambdas_received, {p.peer, "received"});
  families.add(link_bytes, p.bytes_sent, {p.peer, "sent"});
  families.add(link_bytes, p.bytes_received, {p.peer, "received"});
  families.add(link_credit_used, p.credit_used_bytes, {p.peer});
  families.add(link_credit_limit, p.credit_limit_bytes, {p.peer});
  families.add(link_credit_waits, p.credit_waits, {p.peer});
  families.add(link_silence, p.silence_s, {p.peer});
}

void add_continuity(Families& families, const ContinuityStatus& c) {
  using namespace metrics;
  if (c.epoch > 0) {
    families.add(view_epoch, c.epoch);
    families.add(view_members, c.members);
    families.add(members_joined, c.joined);
    families.add(members_left, c.left);
    families.add(members_lost, c.lost);
    families.add(log_leads, c.leads);
    families.add(log_term, c.term);
    families.add(log_entries, c.log_length);
    families.add(recoveries, c.recoveries);
    families.add(recovery_time, c.recovery_s);
  }
  families.add(metrics::cuts, c.cuts);
  if (c.cut_taken_s > 0) {
    families.add(cut_time, c.cut_time);
    families.add(cut_taken, c.cut_taken_s);
    if (c.epoch > 0)
      families.add(metrics::copies_missing, c.copies_missing);
  }
}

void add_observed(Families& families, const ObservedStatus& seen) {
  using namespace metrics;
  families.add(model_time, seen.time, {seen.observer});
  families.add(model_agents, seen.count, {seen.observer});
  families.add(model_value, seen.sum, {seen.observer});
  for (std::size_t bin = 0; bin < seen.bins.counts().size(); ++bin)
    families.add(model_bin, seen.bins.counts()[bin],
                 {seen.observer, bin == 0 ? "-Inf" : exact_text(seen.bins.bounds()[bin - 1])});
  if (seen.count == 0)
    return;
  families.add(model_least, seen.least, {seen.observer});
  families.add(model_greatest, seen.greatest, {seen.observer});
}

void add_process(Families& families, const ProcessStatus& p) {
  using namespace metrics;
  families.add(process_cpu, p.cpu_s);
  families.add(process_memory, p.resident_bytes);
  if (p.memory_limit_bytes > 0)
    families.add(process_memory_limit, p.memory_limit_bytes);
  families.add(process_threads, p.threads);
  families.add(process_open_files, p.open_files);
  if (p.open_files_max > 0)
    families.add(process_open_files_limit, p.open_files_max);
  families.add(process_start_time, p.started_s);
}

void add_calls(Families& families, const Metric& total, const Metric& durations,
               const keyed::CallsStatus& calls) {
  using enum keyed::Outcome;
  for (const keyed::Outcome outcome :
       {done, failed, agent_not_found, quota_not_found, quota_limit_reached, rate_limit_reached,
        no_leader, timeout, bad_request, locked, aborted, try_later})
    families.add(total, calls.results[static_cast<std::size_t>(outcome)], {to_string(outcome)});
  families.add(durations, calls.durations);
}

void add_host(Families& families, const keyed::HostingStatus& host) {
  using namespace metrics;
  families.begin(host.node);
  add_calls(families, replicated_commands, replicated_command_duration, host.commands);
  add_calls(families, replicated_queries, replicated_query_duration, host.queries);
  add_calls(families, replicated_transactions, replicated_transaction_duration, host.transactions);
  families.add(replicated_nodes, host.nodes);
  families.add(replicated_agents, host.agents);
  families.add(replicated_kept, host.kept);
  families.add(replicated_groups, host.groups_settled, {"settled"});
  families.add(replicated_groups, host.groups_moving, {"moving"});
  families.add(replicated_replicas, host.leads, {"leader"});
  families.add(replicated_replicas, host.follows, {"follower"});
  families.add(replicated_replicas, host.leaderless, {"leaderless"});
  families.add(replicated_leader_changes, host.leader_changes);
  families.add(replicated_splits, host.splits);
  families.add(replicated_merges, host.merges);
  families.add(replicated_callbacks, host.callbacks_waiting);
  for (const auto& [quota, usage] : host.quotas) {
    families.add(replicated_quota_agents, usage.agents, {quota});
    families.add(replicated_quota_limit, usage.limit, {quota});
  }
}

void add_jobs(Families& families, const jobs::JobCounts& jobs) {
  using namespace metrics;
  const jobs::JobTotals& totals = jobs.totals;
  families.add(metrics::jobs, jobs.in_split, {"split"});
  families.add(metrics::jobs, jobs.in_parts, {"parts"});
  families.add(metrics::jobs, jobs.in_reduction, {"reduction"});
  families.add(jobs_ended, totals.done, {"done"});
  families.add(jobs_ended, totals.failed, {"failed"});
  families.add(jobs_ended, totals.cancelled, {"cancelled"});
  families.add(jobs_parts_waiting, jobs.tasks_waiting);
  families.add(jobs_runs, totals.runs_good, {"good"});
  families.add(jobs_runs, totals.runs_failed, {"failed"});
  families.add(jobs_runs, totals.runs_lost, {"lost"});
  families.add(jobs_runs,
               totals.runs_begun - jobs.runs - totals.runs_good - totals.runs_failed -
                   totals.runs_lost,
               {"unneeded"});
  families.add(jobs_slots, jobs.slots_busy, {"busy"});
  families.add(jobs_slots, jobs.slots - std::min(jobs.slots, jobs.slots_busy), {"free"});
}

void add_coordination(Families& families, const coordination::CoordinationCounts& counts) {
  using namespace metrics;
  families.add(locks_claims, counts.held, {"held"});
  families.add(locks_claims, counts.waiting, {"waiting"});
  families.add(locks_granted, counts.granted);
  families.add(locks_clients, counts.sessions);
  families.add(locks_leases_lost, counts.leases_ended);
  families.add(values_keys, counts.keys);
  families.add(values_changes, counts.changes);
}

} // namespace

std::vector<prometheus::MetricFamily>
to_metric_families(std::span<const NodeStatus> statuses,
                   std::span<const keyed::HostingStatus> hosts,
                   std::span<const ServiceCounts> services) {
  Families families;
  for (const NodeStatus& status : statuses) {
    families.begin(status);
    add_run(families, status);
    for (const PeerStatus& peer : status.peers)
      add_peer(families, peer);
    for (const ObservedStatus& seen : status.observed)
      add_observed(families, seen);
    add_continuity(families, status.continuity);
    add_process(families, status.process);
  }
  for (const keyed::HostingStatus& host : hosts)
    add_host(families, host);
  for (const ServiceCounts& each : services) {
    families.begin(each.node);
    add_jobs(families, each.jobs);
    add_coordination(families, each.coordination);
  }
  return families.take();
}

} // namespace stos::detail

#include "monitoring/metrics.hpp"

#include "monitoring/metric_families.hpp"
#include "support/foreign_locale.hpp"
#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

using namespace stos;
using Catch::Contains;
using stos::test::made_up_status;

namespace {

std::string readme() {
  std::ifstream file(STOS_SOURCE_DIR "/monitoring/README.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string type_name(MetricType type) {
  return type == MetricType::counter ? "counter"
         : type == MetricType::gauge ? "gauge"
                                     : "histogram";
}

/// A row of the table in the README.
std::string row_of(const Metric& metric) {
  const std::string labels = std::regex_replace(std::string(metric.labels), std::regex(" "), ", ");
  return "| `" + std::string(metric.name) + "` | " + type_name(metric.type) + " | " + labels +
         " | " + std::string(metric.unit) + " | " + std::string(metric.help) + " |";
}

std::string exposition(const std::vector<NodeStatus>& statuses,
                       const std::vector<keyed::HostingStatus>& hosts = {},
                       const std::vector<ServiceCounts>& services = {}) {
  return prometheus::TextSerializer().Serialize(
      detail::to_metric_families(statuses, hosts, services));
}

keyed::HostingStatus made_up_host() {
  keyed::HostingStatus host;
  host.node = "earth";
  host.commands.add(keyed::Outcome::done, 0.25);
  host.commands.add(keyed::Outcome::done, 2);
  host.commands.add(keyed::Outcome::quota_limit_reached, 1e-6);
  host.queries.add(keyed::Outcome::agent_not_found, 0.5);
  host.transactions.add(keyed::Outcome::aborted, 0.75);
  host.kept = 13;
  host.nodes = 3;
  host.groups_settled = 4;
  host.groups_moving = 5;
  host.leads = 6;
  host.follows = 7;
  host.leaderless = 8;
  host.agents = 9;
  host.leader_changes = 10;
  host.splits = 11;
  host.merges = 12;
  host.callbacks_waiting = 13;
  host.quotas = {{"bank", {14, 15}}, {"shop", {16, 17}}};
  return host;
}

ServiceCounts made_up_services() {
  ServiceCounts counts;
  counts.node = "earth";
  counts.jobs = {1, 2, 3, 4, 5, {6, 7, 8, 100, 9, 10, 11}, 12, 3};
  counts.coordination = {13, 14, 15, 16, 17, 18, 19};
  return counts;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [name](auto end) { return name.ends_with(end); });
}

} // namespace

TEST_CASE("the README lists every metric as its header defines it, and no other", "[monitoring]") {
  const std::string text = readme();
  std::string wanted, seen;
  for (const Metric& metric : metrics::all)
    wanted += row_of(metric) + "\n";
  const std::regex row("\\| `stos_[^\\n]*\\n");
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at)
    seen += at->str();
  CHECK(seen == wanted);
}

TEST_CASE("names follow the conventions of Prometheus", "[monitoring]") {
  std::set<std::string_view> names;
  for (const Metric& metric : metrics::all) {
    INFO(metric.name);
    CHECK(std::regex_match(std::string(metric.name), std::regex("stos(_[a-z]+)+")));
    CHECK((metric.type == MetricType::counter) == metric.name.ends_with("_total"));
    CHECK_FALSE(ends_with_any(metric.name, {"_count", "_sum", "_bucket"}));
    CHECK(names.insert(metric.name).second);
    CHECK(metric.help.size() > 15);
    CHECK(metric.help.ends_with('.'));
    const std::string unit = metric.unit.ends_with("seconds") ? "_seconds"
                             : metric.unit == "bytes"         ? "_bytes"
                                                              : "";
    CHECK_THAT(std::string(metric.name), Contains(unit));
    if (unit.empty())
      CHECK_FALSE(
          ends_with_any(metric.name, {"_seconds", "_seconds_total", "_bytes", "_bytes_total"}));
  }
}

TEST_CASE("what Prometheus reads does not depend on the program's locale", "[monitoring]") {
  const std::string usual = exposition({made_up_status()});
  const test::ForeignLocale foreign;
  CHECK(exposition({made_up_status()}) == usual);
}

TEST_CASE("labels are those that stay few", "[monitoring]") {
  const std::set<std::string> allowed = {"peer",      "type",     "result",   "version",
                                         "direction", "locality", "observer", "from",
                                         "state",     "role",     "quota"};
  const std::regex word("[a-z]+");
  for (const Metric& metric : metrics::all) {
    const std::string labels(metric.labels);
    for (std::sregex_iterator at(labels.begin(), labels.end(), word), end; at != end; ++at)
      CHECK(allowed.count(at->str()) == 1);
  }
}

TEST_CASE("each metric is exposed, with the labels that it is to have", "[monitoring]") {
  const std::vector<NodeStatus> statuses = {made_up_status()};
  const std::vector<keyed::HostingStatus> hosts = {made_up_host()};
  const std::vector<ServiceCounts> services = {made_up_services()};
  const auto families = detail::to_metric_families(statuses, hosts, services);
  REQUIRE(families.size() == metrics::all.size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    const Metric& metric = metrics::all[i];
    INFO(metric.name);
    CHECK(families[i].name == metric.name);
    CHECK(families[i].help == metric.help);
    for (const auto& series : families[i].metric) {
      std::string labels;
      for (const auto& label : series.label)
        labels += (labels.empty() ? "" : " ") + label.name;
      const bool is_of_node = std::regex_search(
          std::string(metric.name), std::regex("^stos_(replicated_|jobs|locks_|values_)"));
      CHECK(labels == std::string(is_of_node ? "node" : "simulation node") +
                          (metric.labels.empty() ? "" : " ") + std::string(metric.labels));
    }
  }
}

TEST_CASE("every number of a status arrives in its own series", "[monitoring]") {
  const std::string text = exposition({made_up_status()});
  const std::string at = "{simulation=\"planets\",node=\"earth\"";
  for (const std::string& line : {
           "stos_build_info" + at + ",version=\"0.1.0\"} 1\n",
           "stos_agents" + at + ",type=\"Bob\"} 3\n",
           "stos_agents" + at + ",type=\"ns::Alice<int>\"} 40\n",
           "stos_agents_born_total" + at + "} 50\n",
           "stos_agents_died_total" + at + "} 7\n",
           "stos_agents_blocked" + at + "} 11\n",
           "stos_events_total" + at + "} 1000000\n",
           "stos_lambdas_sent_total" + at + ",locality=\"local\"} 900000\n",
           "stos_lambdas_sent_total" + at + ",locality=\"remote\"} 120000\n",
           "stos_lambdas_dropped_total" + at + "} 13\n",
           "stos_lambdas_in_flight" + at + "} 1234\n",
           "stos_simulated_time_seconds" + at + "} 61.5\n",
           "stos_lower_bound_seconds" + at + "} 60.25\n",
           "stos_end_time_seconds" + at + "} 100\n",
           "stos_running_time_seconds" + at + "} 120.5\n",
           "stos_activations_total" + at + ",result=\"executed\"} 1500\n",
           "stos_activations_total" + at + ",result=\"empty\"} 500\n",
           "stos_wakeups_total" + at + "} 77\n",
           "stos_event_duration_seconds_count" + at + "} 2\n",
           "stos_event_duration_seconds_sum" + at + "} 3.1",
           "stos_event_duration_seconds_bucket" + at + ",le=\"2.5e-07\"} 1\n",
           "stos_event_duration_seconds_bucket" + at + ",le=\"+Inf\"} 2\n",
           "stos_activation_duration_seconds_bucket" + at + ",le=\"1.05\"} 1\n",
           "stos_activation_duration_seconds_bucket" + at + ",le=\"+Inf\"} 2\n",
           "stos_mailbox_longest_lambdas" + at + "} 21\n",
           "stos_mailbox_limit_lambdas" + at + "} 1000\n",
           "stos_model_time_seconds" + at + ",observer=\"ill\"} 58\n",
           "stos_model_agents" + at + ",observer=\"ill\"} 400\n",
           "stos_model_value" + at + ",observer=\"ill\"} 25.5\n",
           "stos_model_least" + at + ",observer=\"ill\"} -0.5\n",
           "stos_model_greatest" + at + ",observer=\"ill\"} 2.5\n",
           "stos_model_bin" + at + ",observer=\"ill\",from=\"-Inf\"} 1\n",
           "stos_model_bin" + at + ",observer=\"ill\",from=\"0\"} 0\n",
           "stos_model_bin" + at + ",observer=\"ill\",from=\"2.5\"} 2\n",
           "stos_link_frames_total" + at + ",peer=\"mars\",direction=\"sent\"} 10\n",
           "stos_link_frames_total" + at + ",peer=\"mars\",direction=\"received\"} 20\n",
           "stos_link_lambdas_total" + at + ",peer=\"mars\",direction=\"sent\"} 30\n",
           "stos_link_lambdas_total" + at + ",peer=\"mars\",direction=\"received\"} 40\n",
           "stos_link_bytes_total" + at + ",peer=\"mars\",direction=\"sent\"} 50\n",
           "stos_link_bytes_total" + at + ",peer=\"mars\",direction=\"received\"} 60\n",
           "stos_link_credit_used_bytes" + at + ",peer=\"mars\"} 70\n",
           "stos_link_credit_limit_bytes" + at + ",peer=\"mars\"} 80\n",
           "stos_link_credit_waits_total" + at + ",peer=\"mars\"} 9\n",
           "stos_link_silence_seconds" + at + ",peer=\"mars\"} 0.5\n",
           "stos_link_bytes_total" + at + ",peer=\"venus\",direction=\"received\"} 600\n",
           "stos_global_time_rounds_total" + at + "} 345\n",
           "stos_migrations_total" + at + ",result=\"done\"} 4\n",
           "stos_migrations_total" + at + ",result=\"refused\"} 5\n",
           "stos_migrations_total" + at + ",result=\"failed\"} 6\n",
           "stos_view_epoch" + at + "} 3\n",
           "stos_view_members" + at + "} 5\n",
           "stos_members_joined_total" + at + "} 14\n",
           "stos_members_left_total" + at + "} 8\n",
           "stos_members_lost_total" + at + "} 11\n",
           "stos_log_leads" + at + "} 1\n",
           "stos_log_term" + at + "} 17\n",
           "stos_log_entries" + at + "} 2345\n",
           "stos_cuts_total" + at + "} 16\n",
           "stos_cut_time_seconds" + at + "} 58.5\n",
           "stos_cut_taken_time_seconds" + at + "} 1650000000\n",
           "stos_copies_missing" + at + "} 1\n",
           "stos_recoveries_total" + at + "} 2\n",
           "stos_recovery_time_seconds_total" + at + "} 0.75\n",
           "stos_process_cpu_seconds_total" + at + "} 12.5\n",
           "stos_process_resident_memory_bytes" + at + "} 67108864\n",
           "stos_process_memory_limit_bytes" + at + "} 1073741824\n",
           "stos_process_threads" + at + "} 8\n",
           "stos_process_open_files" + at + "} 15\n",
           "stos_process_open_files_limit" + at + "} 1024\n",
           "stos_process_start_time_seconds" + at + "} 1600000000\n",
       })
    CHECK_THAT(text, Contains(line));
}

TEST_CASE("what has no value is left out, and several statuses share a family", "[monitoring]") {
  NodeStatus bare = made_up_status("mars");
  bare.peers.clear();
  bare.observed.clear();
  bare.process.memory_limit_bytes = 0;
  bare.process.open_files_max = 0;
  bare.continuity = {};
  const std::string text = exposition({bare});
  CHECK_THAT(text, !Contains("stos_link_") && !Contains("_limit_bytes") &&
                       !Contains("open_files_limit") && !Contains("stos_view_") &&
                       !Contains("stos_log_") && !Contains("stos_cut_") &&
                       !Contains("stos_model_"));

  const std::vector<NodeStatus> both = {bare, made_up_status("earth")};
  const auto families = detail::to_metric_families(both);
  const auto events =
      std::ranges::find(families, "stos_events_total", &prometheus::MetricFamily::name);
  REQUIRE(events != families.end());
  CHECK(events->metric.size() == 2);
  CHECK(detail::to_metric_families({}).empty());
}

TEST_CASE("every number of a host of replicated agents arrives in its own series", "[monitoring]") {
  const std::string text = exposition({}, {made_up_host()});
  const std::string at = "{node=\"earth\"";
  const std::string total = "_total" + at + ",result=\"";
  for (const std::string& line : {
           "stos_replicated_commands" + total + "done\"} 2\n",
           "stos_replicated_commands" + total + "quota_limit_reached\"} 1\n",
           "stos_replicated_commands" + total + "timeout\"} 0\n",
           "stos_replicated_queries" + total + "agent_not_found\"} 1\n",
           "stos_replicated_command_duration_seconds_count" + at + "} 3\n",
           "stos_replicated_command_duration_seconds_bucket" + at + ",le=\"0.262\"} 2\n",
           "stos_replicated_query_duration_seconds_sum" + at + "} 0.5\n",
           "stos_replicated_transactions" + total + "aborted\"} 1\n",
           "stos_replicated_transaction_duration_seconds_sum" + at + "} 0.75\n",
           "stos_replicated_kept_agents" + at + "} 13\n",
           "stos_replicated_nodes" + at + "} 3\n",
           "stos_replicated_groups" + at + ",state=\"settled\"} 4\n",
           "stos_replicated_groups" + at + ",state=\"moving\"} 5\n",
           "stos_replicated_replicas" + at + ",role=\"leader\"} 6\n",
           "stos_replicated_replicas" + at + ",role=\"follower\"} 7\n",
           "stos_replicated_replicas" + at + ",role=\"leaderless\"} 8\n",
           "stos_replicated_agents" + at + "} 9\n",
           "stos_replicated_leader_changes_total" + at + "} 10\n",
           "stos_replicated_splits_total" + at + "} 11\n",
           "stos_replicated_merges_total" + at + "} 12\n",
           "stos_replicated_callbacks_waiting" + at + "} 13\n",
           "stos_replicated_quota_agents" + at + ",quota=\"bank\"} 14\n",
           "stos_replicated_quota_limit_agents" + at + ",quota=\"shop\"} 17\n",
       })
    CHECK_THAT(text, Contains(line));
  CHECK_THAT(text, !Contains("simulation") && !Contains("not_leader"));
}

TEST_CASE("every number of a node's services arrives in its own series", "[monitoring]") {
  const std::string text = exposition({}, {}, {made_up_services()});
  const std::string at = "{node=\"earth\"";
  for (const std::string& line : {
           "stos_jobs" + at + ",state=\"split\"} 1\n",
           "stos_jobs" + at + ",state=\"parts\"} 2\n",
           "stos_jobs" + at + ",state=\"reduction\"} 3\n",
           "stos_jobs_parts_waiting" + at + "} 4\n",
           "stos_jobs_ended_total" + at + ",result=\"done\"} 6\n",
           "stos_jobs_ended_total" + at + ",result=\"failed\"} 7\n",
           "stos_jobs_ended_total" + at + ",result=\"cancelled\"} 8\n",
           "stos_jobs_runs_total" + at + ",result=\"good\"} 9\n",
           "stos_jobs_runs_total" + at + ",result=\"failed\"} 10\n",
           "stos_jobs_runs_total" + at + ",result=\"lost\"} 11\n",
           "stos_jobs_runs_total" + at + ",result=\"unneeded\"} 65\n",
           "stos_jobs_slots" + at + ",state=\"busy\"} 3\n",
           "stos_jobs_slots" + at + ",state=\"free\"} 9\n",
           "stos_locks_claims" + at + ",state=\"held\"} 13\n",
           "stos_locks_claims" + at + ",state=\"waiting\"} 14\n",
           "stos_locks_granted_total" + at + "} 15\n",
           "stos_locks_leases_lost_total" + at + "} 16\n",
           "stos_values_changes_total" + at + "} 17\n",
           "stos_locks_clients" + at + "} 18\n",
           "stos_values_keys" + at + "} 19\n",
       })
    CHECK_THAT(text, Contains(line));
  CHECK_THAT(text, !Contains("simulation"));
}

#include "programs/stos/cluster_views.hpp"

#include "libstos/base/json_writer.hpp"
#include "programs/stos/status_json.hpp"
#include "programs/stos/text_table.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace stos::program {
namespace {

using Nodes = std::span<const NodeStatus>;

constexpr std::size_t wide = std::numeric_limits<std::size_t>::max();
constexpr std::size_t name_columns = 64;
constexpr std::size_t type_columns = 200;

std::string name_text(std::string_view name) { return shown(name, name_columns); }
std::string whole_text(std::uint64_t number) { return std::to_string(number); }

std::vector<const NodeStatus*> statuses_of(const ClusterStatus& cluster, std::string_view node) {
  std::vector<const NodeStatus*> found;
  for (const NodeStatus& status : cluster.statuses)
    if (status.node == node)
      found.push_back(&status);
  return found;
}

std::string text_of(const Table& table) {
  std::string text;
  for (std::string line : table.lines(wide)) {
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string progress_text(const NodeStatus& total) {
  if (is_finished(total))
    return "at the end";
  if (!(total.end_time > 0) || total.end_time == std::numeric_limits<double>::infinity())
    return "-";
  return printed("%.1f%%", 100 * std::max(total.lower_bound, 0.0) / total.end_time);
}

std::string finished(JsonWriter& json) {
  json.end_object();
  return json.take() + "\n";
}

/// An object for each simulation: its name, and what `write` adds of its nodes.
template <class Write>
std::string simulations_json(const ClusterStatus& cluster, Write write) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("simulations");
  for (const Nodes nodes : by_simulation(cluster.statuses)) {
    json.begin_object();
    json.member("simulation", std::string_view(nodes.front().simulation));
    write(json, nodes);
    json.end_object();
  }
  json.end_array();
  return finished(json);
}

// Nothing before all have come.
std::string view_text(const ClusterStatus& cluster) {
  if (cluster.epoch == 0)
    return {};
  return ", view " + std::to_string(cluster.epoch) + ", " +
         (cluster.leader.empty() ? "no leader yet" : "led by " + name_text(cluster.leader)) +
         " (term " + std::to_string(cluster.term) + ")";
}

} // namespace

std::string nodes_as_text(const ClusterStatus& cluster) {
  std::string text =
      "cluster " + name_text(cluster.cluster) + ": " + std::to_string(cluster.nodes.size()) +
      (cluster.epoch > 0 ? std::string() : " of " + std::to_string(cluster.nodes_wanted)) +
      " nodes" + view_text(cluster) + "; told by " + name_text(cluster.told_by) + "\n\n";
  Table table({"NODE", "ADDRESS", "STATE", "RUNS", "AGENTS", "EVENTS", "CPU s", "MEMORY", "THREADS",
               "HEARD s AGO"});
  for (const NodePresence& node : cluster.nodes) {
    const auto statuses = statuses_of(cluster, node.node);
    std::uint64_t agents = 0, events = 0;
    for (const NodeStatus* status : statuses) {
      agents += agents_of(*status);
      events += status->events;
    }
    const ProcessStatus process = statuses.empty() ? ProcessStatus{} : statuses.front()->process;
    const auto known = [&](const std::string& value) { return statuses.empty() ? "-" : value; };
    table.add({name_text(node.node), name_text(to_string(node.address)),
               node.is_lost ? "lost" : "there", whole_text(statuses.size()), whole_text(agents),
               whole_text(events), known(printed("%.1f", process.cpu_s)),
               known(bytes_text(static_cast<double>(process.resident_bytes))),
               known(whole_text(process.threads)), printed("%.1f", node.silence_s)});
  }
  text += text_of(table);
  if (!cluster.alerts.empty()) {
    Table alerts({"ALERT", "SIMULATION", "FOR s", "TEXT"});
    for (const Alert& alert : cluster.alerts)
      alerts.add({std::string(to_string(alert.type)), name_text(alert.simulation),
                  printed("%.0f", alert.since_s), shown(alert.text, type_columns)});
    text += "\n" + text_of(alerts);
  }
  return text;
}

std::string nodes_as_json(const ClusterStatus& cluster) {
  JsonWriter json;
  json.begin_object();
  json.member("cluster", std::string_view(cluster.cluster));
  json.member("told_by", std::string_view(cluster.told_by));
  json.member("nodes_wanted", cluster.nodes_wanted);
  json.member("epoch", cluster.epoch);
  json.member("leader", std::string_view(cluster.leader));
  json.member("term", cluster.term);
  json.member("log_length", cluster.log_length);
  json.begin_array("nodes");
  for (const NodePresence& node : cluster.nodes) {
    json.begin_object();
    json.member("node", std::string_view(node.node));
    json.member("address", std::string_view(to_string(node.address)));
    json.member("lost", node.is_lost);
    json.member("silence_s", node.silence_s);
    json.begin_array("simulations");
    for (const NodeStatus* status : statuses_of(cluster, node.node)) {
      json.begin_object();
      json.member("simulation", std::string_view(status->simulation));
      write_progress(json, *status);
      write_agents(json, *status);
      write_process(json, *status);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.begin_array("alerts");
  for (const Alert& alert : cluster.alerts) {
    json.begin_object();
    json.member("type", to_string(alert.type));
    json.member("simulation", std::string_view(alert.simulation));
    json.member("node", std::string_view(alert.node));
    json.member("peer", std::string_view(alert.peer));
    json.member("for_s", alert.since_s);
    json.member("text", std::string_view(alert.text));
    json.end_object();
  }
  json.end_array();
  json.begin_array("log");
  for (const LogLine& line : cluster.log) {
    json.begin_object();
    json.member("time_s", line.time_s);
    json.member("node", std::string_view(line.node));
    json.member("text", std::string_view(line.text));
    json.end_object();
  }
  json.end_array();
  return finished(json);
}

std::string simulations_as_text(const ClusterStatus& cluster) {
  if (cluster.statuses.empty())
    return "no simulation runs\n";
  Table table({"SIMULATION", "NODES", "AGENTS", "EVENTS", "TIME s", "END s", "DONE", "RUNNING"});
  for (const Nodes nodes : by_simulation(cluster.statuses)) {
    const NodeStatus total = total_of(nodes);
    table.add({name_text(total.simulation), whole_text(nodes.size()), whole_text(agents_of(total)),
               whole_text(total.events), seconds_text(total.simulated_time),
               or_dash(total.end_time, seconds_text), progress_text(total),
               duration_text(total.running_s)});
  }
  return text_of(table);
}

std::string simulations_as_json(const ClusterStatus& cluster) {
  return simulations_json(cluster, [](JsonWriter& json, Nodes nodes) {
    const NodeStatus total = total_of(nodes);
    json.member("nodes", nodes.size());
    write_progress(json, total);
    write_agents(json, total);
  });
}

std::string agents_as_text(const ClusterStatus& cluster, bool by_type) {
  if (cluster.statuses.empty())
    return "no simulation runs\n";
  Table table(by_type ? Table::Row{"SIMULATION", "NODE", "AGENTS", "TYPE"}
                      : Table::Row{"SIMULATION", "NODE", "AGENTS", "BLOCKED", "BORN", "DIED"});
  for (const Nodes nodes : by_simulation(cluster.statuses)) {
    const auto add = [&](const NodeStatus& status, std::string_view node) {
      if (by_type)
        for (const TypeStatus& type : status.types)
          table.add({name_text(status.simulation), name_text(node), whole_text(type.agents),
                     shown(type.type, type_columns)});
      else
        table.add({name_text(status.simulation), name_text(node), whole_text(agents_of(status)),
                   whole_text(status.agents_blocked), whole_text(status.agents_born),
                   whole_text(status.agents_died)});
    };
    for (const NodeStatus& node : nodes)
      add(node, node.node);
    if (nodes.size() > 1)
      add(total_of(nodes), "(all)");
  }
  return text_of(table);
}

std::string agents_as_json(const ClusterStatus& cluster) {
  return simulations_json(cluster, [](JsonWriter& json, Nodes nodes) {
    write_agents(json, total_of(nodes));
    json.begin_array("nodes");
    for (const NodeStatus& node : nodes) {
      json.begin_object();
      json.member("node", std::string_view(node.node));
      write_agents(json, node);
      json.end_object();
    }
    json.end_array();
  });
}

} // namespace stos::program

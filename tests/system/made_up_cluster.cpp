// Three nodes for Prometheus to scrape, without any simulation: everything that is counted grows
// with the wall clock. tests/system/monitoring.sh runs it.
//
// usage: made_up_cluster [HOST:PORT]
//
// With an address it is one exporter, which must start, or says why not and ends with status 1.
// Prints a line "NODE HOST:PORT" for each node, then reads commands, one a line:
//   migrate NODE NODE N TYPE   N agents of a type move; answers "migrated"
//   agents                     answers a line "NODE TYPE N" for each, then "."
//   stop                       ends; so does the end of the input

#include "config/values.hpp"
#include "monitoring/exporter.hpp"
#include "monitoring/process_status.hpp"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

using namespace stos;

namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::uint64_t at_rate(double per_second, double elapsed_s) {
  return static_cast<std::uint64_t>(per_second * elapsed_s);
}

class Cluster {
public:
  static const std::vector<std::string>& nodes() {
    static const std::vector<std::string> names = {"earth", "mars", "venus"};
    return names;
  }

  Cluster() {
    for (std::size_t i = 0; i < nodes().size(); ++i) {
      NodeStatus& node = nodes_.emplace_back();
      node.simulation = "made-up";
      node.node = nodes()[i];
      node.version = "0.0.0";
      node.end_time = 1e6;
      add_agents(node, "Ship", 100 * (i + 1));
      add_agents(node, "Station<int>", 7);
    }
  }

  NodeStatus status(std::size_t i) const {
    const std::lock_guard lock(mutex_);
    NodeStatus status = nodes_[i];
    const double elapsed_s = now_s() - started_s_;
    const double scale = static_cast<double>(i + 1);
    status.taken_s = now_s();
    status.running_s = elapsed_s;
    status.agents_born = at_rate(3, elapsed_s);
    status.agents_died = at_rate(1, elapsed_s);
    status.agents_blocked = 10;
    status.events = at_rate(1e5 * scale, elapsed_s);
    status.lambdas_sent_local = at_rate(9e4 * scale, elapsed_s);
    status.lambdas_sent_remote = at_rate(1e4 * scale, elapsed_s);
    status.lambdas_dropped = at_rate(5, elapsed_s);
    status.lambdas_in_flight = 100;
    status.simulated_time = 2 * elapsed_s + scale;
    status.lower_bound = 2 * elapsed_s;
    status.activations = at_rate(1e4, elapsed_s);
    status.empty_activations = at_rate(1e3, elapsed_s);
    status.wakeups = at_rate(100, elapsed_s);
    for (std::uint64_t n = at_rate(100, elapsed_s); n > 0; --n) {
      status.event_durations.add(2e-6);
      status.activation_durations.add(3e-5);
    }
    status.mailbox_longest = 40;
    status.mailbox_limit = 1'000'000;
    status.global_time_rounds = at_rate(50, elapsed_s);
    status.observed = {{"ill", 2 * elapsed_s, 100, 50 * scale, 0, 3}};
    status.continuity.epoch = 1;
    status.continuity.members = nodes_.size();
    status.continuity.leads = i == 0 ? 1 : 0;
    status.continuity.term = 1;
    status.continuity.log_length = 2;
    status.continuity.cuts = at_rate(1, elapsed_s);
    status.continuity.cut_time = 2 * elapsed_s;
    status.continuity.cut_taken_s = now_s();
    for (const std::string& peer : nodes())
      if (peer != status.node)
        status.peers.push_back({peer, at_rate(100, elapsed_s), at_rate(110, elapsed_s),
                                at_rate(5e3, elapsed_s), at_rate(6e3, elapsed_s),
                                at_rate(5e5, elapsed_s), at_rate(6e5, elapsed_s), 4096, 1 << 24,
                                at_rate(1, elapsed_s), 0.1});
    if (const Result<ProcessStatus> process = read_process(std::uint64_t{1} << 33))
      status.process = *process;
    return status;
  }

  static keyed::HostingStatus host(std::size_t i, double elapsed_s) {
    keyed::HostingStatus host;
    host.node = nodes()[i];
    for (std::uint64_t n = at_rate(100, elapsed_s); n > 0; --n) {
      host.commands.add(n % 10 == 0 ? keyed::Outcome::failed : keyed::Outcome::done, 2e-3);
      host.queries.add(n % 10 == 0 ? keyed::Outcome::agent_not_found : keyed::Outcome::done, 1e-4);
    }
    host.nodes = nodes().size();
    host.groups_settled = 9;
    host.leads = host.follows = 5;
    host.agents = 70;
    host.leader_changes = 5;
    host.quotas = {{"bank", {210, 1'000}}};
    return host;
  }
  keyed::HostingStatus host(std::size_t i) const { return host(i, now_s() - started_s_); }

  ServiceCounts services(std::size_t node) const {
    const double elapsed_s = now_s() - started_s_;
    ServiceCounts counts;
    counts.node = nodes()[node];
    counts.jobs.in_parts = 2;
    counts.jobs.tasks_waiting = 40;
    counts.jobs.runs = 6;
    counts.jobs.totals.done = at_rate(1, elapsed_s);
    counts.jobs.totals.runs_good = at_rate(20, elapsed_s);
    counts.jobs.totals.runs_begun = counts.jobs.totals.runs_good + counts.jobs.runs;
    counts.jobs.slots = counts.jobs.slots_busy = 2;
    counts.coordination = {.held = 2, .waiting = 1, .sessions = 3, .keys = 4};
    counts.coordination.granted = at_rate(5, elapsed_s);
    return counts;
  }

  bool migrate(const std::string& from, const std::string& to, std::uint64_t agents,
               const std::string& type) {
    const std::lock_guard lock(mutex_);
    NodeStatus* const source = find(from);
    NodeStatus* const target = find(to);
    if (source == nullptr || target == nullptr)
      return false;
    for (TypeStatus& known : source->types)
      if (known.type == type && known.agents >= agents) {
        known.agents -= agents;
        add_agents(*target, type, agents);
        source->migrations_done += agents;
        return true;
      }
    return false;
  }

  void print_agents() const {
    const std::lock_guard lock(mutex_);
    for (const NodeStatus& node : nodes_)
      for (const TypeStatus& type : node.types)
        std::cout << node.node << ' ' << type.type << ' ' << type.agents << '\n';
    std::cout << '.' << std::endl;
  }

private:
  NodeStatus* find(const std::string& name) {
    for (NodeStatus& node : nodes_)
      if (node.node == name)
        return &node;
    return nullptr;
  }

  const double started_s_ = now_s();
  mutable std::mutex mutex_;
  std::vector<NodeStatus> nodes_;
};

std::unique_ptr<Exporter> start(const Cluster& cluster, std::size_t node,
                                const NodeAddress& address) {
  MonitoringOptions options;
  options.address = address;
  auto exporter = Exporter::start(
      options, {[&cluster, node] { return std::vector<NodeStatus>{cluster.status(node)}; },
                [&cluster, node] { return std::vector<keyed::HostingStatus>{cluster.host(node)}; },
                [&cluster, node] { return std::vector<ServiceCounts>{cluster.services(node)}; }});
  if (!exporter) {
    std::cerr << "made_up_cluster: error: " << exporter.error().context << std::endl;
    return nullptr;
  }
  std::cout << Cluster::nodes()[node] << ' ' << to_string((*exporter)->address()) << std::endl;
  return *std::move(exporter);
}

void obey(Cluster& cluster) {
  for (std::string line; std::getline(std::cin, line) && line != "stop";) {
    std::istringstream words(line);
    std::string command, from, to, type;
    std::uint64_t agents = 0;
    words >> command;
    if (command == "agents")
      cluster.print_agents();
    else if (command == "migrate" && words >> from >> to >> agents >> type)
      std::cout << (cluster.migrate(from, to, agents, type) ? "migrated" : "not migrated")
                << std::endl;
    else
      std::cout << "unknown command" << std::endl;
  }
}

} // namespace

int main(int argc, char** argv) {
  Cluster cluster;
  std::vector<std::unique_ptr<Exporter>> exporters;
  if (argc > 1) {
    const Result<NodeAddress> address = detail::parse_address(argv[1], 0);
    if (!address) {
      std::cerr << "made_up_cluster: error: " << address.error().context << std::endl;
      return 1;
    }
    exporters.push_back(start(cluster, 0, *address));
  } else {
    for (std::size_t node = 0; node < Cluster::nodes().size(); ++node)
      exporters.push_back(start(cluster, node, {"127.0.0.1", 0}));
  }
  for (const auto& exporter : exporters)
    if (exporter == nullptr)
      return 1;
  obey(cluster);
  return 0;
}

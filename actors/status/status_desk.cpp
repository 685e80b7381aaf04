#include "actors/status/status_desk.hpp"

#include "actors/cluster_node.hpp"
#include "actors/service/host_door.hpp"
#include "config/version.hpp"
#include "libstos/base/usage_error.hpp"
#include "libstos/cluster/status/live_status.hpp"
#include "monitoring/process_status.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>
#include <thread>
#include <utility>

namespace stos::detail {
namespace {

LiveCounters read(const LiveView& part) {
  LiveCounters counters;
  while (!part.read(counters))
    std::this_thread::yield();
  return counters;
}

/// A desk, and the exporter that tells what lies there.
struct ExportedDesk {
  explicit ExportedDesk(const MonitoringOptions& options) : desk(options.memory_limit_bytes) {
    const auto look = [this] {
      desk.ask();
      std::this_thread::sleep_for(time_to_answer);
      return desk.statuses();
    };
    Result<std::unique_ptr<Exporter>> started = Exporter::start(
        options, {look, [this] { return desk.hosts(); }, [this] { return desk.services(); }});
    if (!started)
      throw UsageError(started.error());
    exporter = *std::move(started);
    std::clog << "stos: metrics exposed address=" + to_string(exporter->address()) + "\n";
  }

  StatusDesk desk;
  std::unique_ptr<Exporter> exporter;
};

} // namespace

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double steady_seconds() {
  return std::chrono::duration<double>(RunSight::Clock::now().time_since_epoch()).count();
}

void RunSight::watch(DomainSet& domains) {
  board = &domains.board();
  for (const DomainIndex i : domains.all())
    parts.push_back(&domains.domain(i).execution().live);
}

void RunSight::ask() const {
  for (LiveView* part : parts)
    part->ask();
  if (ask_network)
    ask_network();
}

NodeStatus RunSight::status() const {
  NodeStatus status;
  LiveCounters sum;
  std::map<std::string, std::uint64_t> types; // of domains that agents move between, modulo 2^64
  for (const LiveView* part : parts) {
    sum.add(read(*part));
    part->for_each_type(
        [&types](const char* type, std::uint64_t agents) { types[type] += agents; });
  }
  describe(sum, status);
  for (const auto& [type, agents] : types)
    add_agents(status, type, agents);
  status.simulation = world.options.simulation_name;
  status.node = node;
  status.version = library_version();
  status.taken_s = seconds_since_1970();
  status.running_s = std::chrono::duration<double>(Clock::now() - began).count();
  status.end_time = world.end_time.load(std::memory_order_relaxed);
  status.mailbox_limit = world.options.mailbox_lambdas_max;
  status.lower_bound = board != nullptr ? std::max(board->lower_bound(), 0.0) : sum.last_event_time;
  status.wakeups = board != nullptr ? board->wakeups() : 0;
  if (add_network)
    add_network(status);
  if (last_look != nullptr)
    last_look->show(status);
  if (add_continuity)
    add_continuity(status.continuity);
  return status;
}

void StatusDesk::ask() const {
  const std::lock_guard lock(mutex_);
  for (const RunSight* run : runs_)
    run->ask();
}

std::vector<NodeStatus> StatusDesk::statuses() const {
  ProcessStatus process;
  if (const Result<ProcessStatus> read = read_process(memory_limit_bytes_))
    process = *read;
  std::vector<NodeStatus> statuses;
  const std::lock_guard lock(mutex_);
  for (const RunSight* run : runs_) {
    NodeStatus status = run->status();
    status.process = process;
    take_news(statuses, std::move(status));
  }
  return statuses;
}

void StatusDesk::add(const RunSight& run) {
  const std::string& simulation = run.world.options.simulation_name;
  const std::lock_guard lock(mutex_);
  if (std::ranges::any_of(runs_, [&](const RunSight* other) {
        return other->node == run.node && other->world.options.simulation_name == simulation;
      }))
    throw UsageError(Errc::bad_argument,
                     "two runs at once of this process are called " + simulation + " on node " +
                         run.node +
                         ", so those who watch them could not tell them apart; wanted: " +
                         "a name of its own (simulation.name) for each");
  runs_.push_back(&run);
}

void StatusDesk::remove(const RunSight& run) {
  const std::lock_guard lock(mutex_);
  std::erase(runs_, &run);
}

void StatusDesk::add(std::shared_ptr<const HostDoor> host, const std::string& node) {
  const std::lock_guard lock(mutex_);
  hosts_.emplace_back(std::move(host), node);
}

void StatusDesk::remove(const HostDoor& host) {
  const std::lock_guard lock(mutex_);
  std::erase_if(hosts_, [&host](const auto& known) { return known.first.get() == &host; });
}

std::vector<keyed::HostingStatus> StatusDesk::hosts() const {
  std::vector<keyed::HostingStatus> statuses;
  const std::lock_guard lock(mutex_);
  for (const auto& [host, node] : hosts_) {
    statuses.push_back(host->status());
    statuses.back().node = node;
  }
  return statuses;
}

void StatusDesk::add(const ClusterNode& node) {
  const std::lock_guard lock(mutex_);
  nodes_.insert(&node);
}

void StatusDesk::remove(const ClusterNode& node) {
  const std::lock_guard lock(mutex_);
  nodes_.erase(nodes_.find(&node));
}

std::vector<ServiceCounts> StatusDesk::services() const {
  std::vector<ServiceCounts> counts;
  const std::lock_guard lock(mutex_);
  for (auto node = nodes_.begin(); node != nodes_.end(); node = nodes_.upper_bound(*node))
    if (std::optional<ServiceCounts> known = (*node)->services())
      counts.push_back(*std::move(known));
  return counts;
}

WatchedNode::WatchedNode(const ClusterNode& node, std::shared_ptr<StatusDesk> desk)
    : node_(node), desk_(std::move(desk)) {
  if (desk_ != nullptr)
    desk_->add(node_);
}

WatchedNode::~WatchedNode() {
  if (desk_ != nullptr)
    desk_->remove(node_);
}

WatchedRun::WatchedRun(const RunSight& run, std::vector<std::shared_ptr<StatusDesk>> desks)
    : run_(run) {
  for (auto& desk : desks)
    if (desk != nullptr) {
      desk->add(run);
      desks_.push_back(std::move(desk));
    }
}

WatchedRun::~WatchedRun() {
  for (const auto& desk : desks_)
    desk->remove(run_);
}

std::shared_ptr<StatusDesk> exported_desk(const MonitoringOptions& options) {
  if (!options.address)
    return nullptr;
  static std::mutex mutex;
  static std::map<NodeAddress, std::pair<std::unique_ptr<ExportedDesk>, std::size_t>> in_use;
  const std::lock_guard lock(mutex);
  auto& [desk, users] = in_use[*options.address];
  if (desk == nullptr)
    desk = std::make_unique<ExportedDesk>(options);
  ++users;
  // The last user frees the port before the next one looks for it.
  const auto leave = [address = *options.address](StatusDesk*) {
    const std::lock_guard leaving(mutex);
    const auto entry = in_use.find(address);
    if (--entry->second.second == 0)
      in_use.erase(entry);
  };
  return {&desk->desk, leave};
}

} // namespace stos::detail

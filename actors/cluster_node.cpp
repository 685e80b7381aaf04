#include "actors/cluster_node.hpp"

#include "actors/citizen.hpp"
#include "actors/messages/caf_types.hpp"
#include "actors/node/node_actor.hpp"
#include "actors/node/node_disk.hpp"
#include "actors/node/roll_call.hpp"
#include "actors/run/thread_check.hpp"
#include "actors/service/agent_host.hpp"
#include "actors/status/status_desk.hpp"
#include "actors/transport/gate.hpp"
#include "config/interruption.hpp"
#include "config/this_program.hpp"
#include "libstos/base/assert.hpp"
#include "libstos/base/digest.hpp"
#include "libstos/base/plain_text.hpp"
#include "libstos/base/usage_error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace stos {
namespace {

detail::NodeHello make_hello(const ClusterOptions& options, const detail::Gate& gate) {
  detail::NodeHello hello;
  hello.protocol = detail::NodeHello::current_protocol;
  hello.build = hash_of_this_program().low;
  hello.cluster = options.name;
  hello.address = options.address;
  hello.node = gate.name();
  hello.nodes = nodes_to_wait_for(options);
  hello.joins = options.join;
  std::random_device chance;
  hello.life = std::uint64_t{chance()} << 32 | chance();
  return hello;
}

/// The actor system of a process that has none of its own.
struct ProcessNode {
  ProcessNode(const RunOptions& options, std::uint32_t workers)
      : of_node(without_run(options.cluster)), config(options, workers), system(config),
        node(system, options.cluster, options.monitoring, options.jobs) {}

  struct Config : caf::actor_system_config {
    Config(const RunOptions& options, std::uint32_t workers) {
      detail::require_threads(workers, true);
      init_caf_types();
      load<caf::io::middleman>();
      set("caf.scheduler.max-threads", static_cast<std::size_t>(workers));
      set("caf.scheduler.policy",
          options.scheduler_policy == SchedulerPolicy::sharing ? "sharing" : "stealing");
      // Frames need no more hands on their way than they have.
      set("caf.middleman.workers", std::size_t{0});
      // Membership notices the loss of a node; CAF's own watch over connections must not be faster.
      constexpr double slower = 3;
      set("caf.middleman.connection-timeout",
          caf::timespan(
              static_cast<std::int64_t>(slower * 1e9 * options.cluster.silence_timeout_s)));
    }
  };

  /// What all runs of the process have in common.
  static ClusterOptions without_run(ClusterOptions options) {
    options.placement = {};
    options.random_moves = 0;
    return options;
  }

  const ClusterOptions of_node;
  Config config;
  caf::actor_system system;
  ClusterNode node;
};

} // namespace

namespace {

std::shared_ptr<detail::Gate> make_gate(caf::actor_system& system, const ClusterOptions& options) {
  if (!system.has_middleman())
    throw UsageError(Errc::bad_argument, "a cluster node needs an actor system with CAF's "
                                         "middleman: config.load<caf::io::middleman>()");
  return std::make_shared<detail::Gate>(system, options);
}

// Before others can reach this node: they are to see who it is.
std::shared_ptr<detail::NodeDisk> open_disk(const ClusterOptions& options,
                                            const std::string& node) {
  if (options.log.empty())
    return nullptr;
  Result<detail::NodeDisk> disk = detail::NodeDisk::open(options.log, options.name, node);
  if (!disk)
    throw UsageError(disk.error());
  return std::make_shared<detail::NodeDisk>(*std::move(disk));
}

ClusterOptions with_address(ClusterOptions options, const NodeAddress& address) {
  options.address = address;
  return options;
}

} // namespace

ClusterNode::ClusterNode(caf::actor_system& system, const ClusterOptions& options,
                         const MonitoringOptions& monitoring, const JobsOptions& jobs)
    : system_(system), gate_(make_gate(system, options)),
      options_(with_address(options, gate_->address())),
      desk_(std::make_shared<detail::StatusDesk>(monitoring.memory_limit_bytes)),
      view_(std::make_shared<detail::NodeView>()) {
  view_->services.node = gate_->name();
  actor_ = system.spawn<detail::NodeActor, caf::detached + caf::hidden>(
      make_hello(options_, *gate_), options_, monitoring, jobs, view_, desk_, gate_,
      open_disk(options_, gate_->name()));
  gate_->open(actor_);
  if (options_.drain_on_term)
    detail::Interruption::drain_at_term();
  detail::answer_roll_call();
}

ClusterNode::~ClusterNode() {
  gate_->close();
  caf::anon_send(actor_, detail::EndMessage{});
}

// CAF has thread-local objects of its own, which are gone when static objects end: so it is not one
// of those that keeps the node, but the threads that use it; and each begins to keep it only after
// CAF's objects have been made.
namespace {
thread_local std::shared_ptr<ProcessNode>* kept_by_this_thread = nullptr;
} // namespace

void ClusterNode::leave_process() {
  if (kept_by_this_thread != nullptr)
    kept_by_this_thread->reset();
}

ClusterNode& ClusterNode::of_process(const RunOptions& options, std::uint32_t workers) {
  static std::mutex mutex;
  static std::weak_ptr<ProcessNode> current;
  thread_local std::shared_ptr<ProcessNode> kept = [&] {
    const std::lock_guard lock(mutex);
    std::shared_ptr<ProcessNode> node = current.lock();
    if (node == nullptr)
      current = node = std::make_shared<ProcessNode>(options, workers);
    return node;
  }();
  kept_by_this_thread = &kept;
  if (kept->of_node != ProcessNode::without_run(options.cluster))
    throw UsageError(Errc::bad_config,
                     "simulation " + options.simulation_name +
                         " wants another cluster, or to be another node of it, than a simulation "
                         "before it in this process (the keys of cluster but for placement and "
                         "random_moves)");
  return kept->node;
}

void ClusterNode::check(const std::unique_lock<std::mutex>&, std::uint64_t epoch) const {
  if (view_->failure)
    throw UsageError(*view_->failure);
  if (view_->view.epoch != epoch)
    throw detail::ViewIsOver();
}

ClusterNode::Roster ClusterNode::wait_for_view(std::uint64_t after_epoch) {
  std::unique_lock lock(view_->mutex);
  view_->changed.wait(
      lock, [&] { return view_->failure || (view_->complete && view_->view.epoch > after_epoch); });
  check(lock, view_->view.epoch);
  Roster roster;
  for (const auto& member : view_->view.members)
    roster.names.push_back(member.name);
  roster.own_index = view_->own_index;
  roster.epoch = view_->view.epoch;
  roster.why = view_->view.why;
  return roster;
}

void ClusterNode::note_run(std::uint64_t epoch, const detail::RunNote& note) {
  caf::anon_send(actor_, detail::TellMessage{}, epoch, note.simulation, note.lineage, note.is_over);
}

void ClusterNode::wait_until_noted(std::uint64_t epoch, const detail::RunNote& note,
                                   std::optional<double> patience_s) const {
  std::unique_lock lock(view_->mutex);
  const auto is_settled = [&] {
    return view_->failure || view_->view.epoch != epoch || view_->ledger.has(note);
  };
  if (patience_s)
    view_->changed.wait_for(lock, std::chrono::duration<double>(*patience_s), is_settled);
  else
    view_->changed.wait(lock, is_settled);
}

std::uint64_t ClusterNode::take_interrupted(const std::string& simulation) {
  const std::lock_guard lock(view_->mutex);
  const std::uint64_t lineage = view_->interrupted.lineage_of(simulation);
  view_->interrupted.enter({simulation, lineage, true});
  return lineage;
}

std::uint64_t ClusterNode::lineage_of(const std::string& simulation) const {
  const std::lock_guard lock(view_->mutex);
  return view_->ledger.lineage_of(simulation);
}

caf::actor ClusterNode::host_agents(detail::HostSetUp set_up) {
  static_cast<void>(wait_for_view());
  const std::lock_guard lock(view_->mutex);
  if (std::exchange(view_->has_hosted_agents, true))
    throw UsageError(Errc::not_supported,
                     "this node hosts replicated agents already, or has done so: a process is one "
                     "host of them, once");
  set_up.view = view_;
  set_up.node = actor_;
  set_up.stop_timeout_s = options_.stop_timeout_s;
  return view_->agent_host =
             system_.spawn<detail::AgentHost, caf::detached + caf::hidden>(std::move(set_up));
}

void ClusterNode::leave_cluster() { caf::anon_send(actor_, detail::EndMessage{}); }

void ClusterNode::drain() {
  caf::anon_send(actor_, detail::RunCommand{detail::NodeHello::current_protocol, {}, "drain", {}});
}

std::optional<Error> ClusterNode::failure() const {
  const std::lock_guard lock(view_->mutex);
  return view_->failure;
}

bool ClusterNode::is_over(std::uint64_t epoch) const {
  const std::lock_guard lock(view_->mutex);
  return view_->view.epoch != epoch || view_->failure;
}

ClusterNode::AttemptId ClusterNode::begin_run(std::uint64_t epoch, const std::string& simulation,
                                              const caf::actor& run) {
  const std::unique_lock lock(view_->mutex);
  check(lock, epoch);
  const Result<std::uint64_t> attempt = view_->meetings->begin(simulation);
  if (!attempt)
    throw UsageError(attempt.error());
  view_->runs.push_back({simulation, *attempt, run});
  return {epoch, *attempt};
}

const detail::NodeView::Run& ClusterNode::run_of(const std::unique_lock<std::mutex>&,
                                                 std::uint64_t attempt) const {
  const auto run = std::ranges::find(view_->runs, attempt, &detail::NodeView::Run::attempt);
  STOS_ASSERT(run != view_->runs.end(), "there is no attempt " + std::to_string(attempt));
  return *run;
}

std::vector<detail::RunAnnouncement> ClusterNode::meet_for_run(const AttemptId& id,
                                                               const detail::Bytes& set_up) {
  std::unique_lock lock(view_->mutex);
  check(lock, id.epoch);
  const std::uint64_t attempt = id.number;
  detail::Meetings& meetings = *view_->meetings;
  const detail::Meetings::Announcement own = meetings.come(attempt, set_up.data);
  caf::anon_send(actor_, detail::TellMessage{},
                 detail::RunAnnouncement{id.epoch, own.simulation, attempt, own.meeting, set_up,
                                         run_of(lock, attempt).actor});
  for (detail::Meetings::Call& call : meetings.take_calls())
    caf::anon_send(actor_, detail::TellMessage{},
                   detail::RunCall{id.epoch, call.simulation, std::move(call.attempts)});
  const auto is_over = [&] {
    return view_->failure || view_->view.epoch != id.epoch || meetings.problem(attempt) ||
           meetings.all_are_there(attempt);
  };
  const std::chrono::duration<double> patience(options_.start_timeout_s);
  const bool in_time = view_->changed.wait_for(lock, patience, is_over);
  if (view_->view.epoch != id.epoch)
    check(lock, id.epoch);
  if (!meetings.all_are_there(attempt)) { // else, a node that has left may have had a reason
    check(lock, id.epoch);                // that we see, too
    if (meetings.problem(attempt))
      throw UsageError(*meetings.problem(attempt));
  }
  if (!in_time) {
    PlainText text;
    text << "these nodes have not come to simulation " << own.simulation << " within "
         << patience.count() << " s (cluster.start_timeout): " << meetings.who_is_missing(attempt);
    throw UsageError(Errc::node_lost, text.str());
  }
  std::vector<detail::RunAnnouncement> all;
  for (detail::Meetings::Announcement& announcement : meetings.announcements(attempt))
    all.push_back({id.epoch,
                   announcement.simulation,
                   announcement.attempt,
                   announcement.meeting,
                   {std::move(announcement.content)},
                   {}});
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].run =
        i == view_->own_index ? run_of(lock, attempt).actor : view_->elsewhere[{i, all[i].attempt}];
  return all;
}

// The others hear of the end before anything of the next attempt.
void ClusterNode::leave_run(const AttemptId& attempt, const std::optional<std::string>& why) {
  const std::unique_lock lock(view_->mutex);
  if (view_->view.epoch != attempt.epoch)
    return;
  const std::string simulation = run_of(lock, attempt.number).simulation;
  caf::anon_send(actor_, detail::TellMessage{},
                 detail::RunDeparture{attempt.epoch, simulation, attempt.number, !why.has_value(),
                                      why.value_or("")});
  view_->meetings->end(attempt.number);
  std::erase_if(view_->runs, [&](const auto& run) { return run.attempt == attempt.number; });
  view_->forget_strangers();
}

Result<caf::actor> ClusterNode::find_agent(const FindAgent& wanted, caf::timespan timeout) {
  return detail::ask_for_agent(system_, actor_, wanted, timeout);
}

std::optional<ServiceCounts> ClusterNode::services() const {
  const std::lock_guard lock(view_->mutex);
  return view_->complete ? std::optional(view_->services) : std::nullopt;
}

ContinuityStatus ClusterNode::continuity() const {
  const std::lock_guard lock(view_->mutex);
  return view_->control;
}

std::map<std::string, double> ClusterNode::silence_s() const {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(view_->mutex);
  std::map<std::string, double> silence_s;
  for (const auto& [name, heard] : view_->heard)
    silence_s[name] = std::chrono::duration<double>(now - heard).count();
  return silence_s;
}

} // namespace stos

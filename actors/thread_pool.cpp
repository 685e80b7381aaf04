#include "actors/thread_pool.hpp"

#include "actors/cluster_node.hpp"
#include "actors/messages/caf_types.hpp"
#include "actors/run/cluster_run.hpp"
#include "actors/run/interrupted.hpp"
#include "actors/run/looking_in.hpp"
#include "actors/run/output_files.hpp"
#include "actors/run/progress_meter.hpp"
#include "actors/run/restart.hpp"
#include "actors/run/snapshots.hpp"
#include "actors/run/thread_check.hpp"
#include "actors/run/worker_run.hpp"
#include "actors/status/status_desk.hpp"
#include "actors/transport/host_name.hpp"
#include "config/interruption.hpp"
#include "config/program.hpp"
#include "libstos/engine/record_limits.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>

namespace stos::detail {
namespace {

using Clock = std::chrono::steady_clock;

// Of a process that is no node of a cluster.
std::string node_name(const RunOptions& options) {
  return options.cluster.node.value_or(host_name());
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// In a serial run only those agents have an actor whose handle was taken before it.
class SerialBindings final : public AgentBindings {
public:
  void started(Cell&) override {}
  void ended(Cell& cell) override { end_actor(cell); }
};

// The cuts of a run that no other node has a part in.
Snapshots::Site here(const RunBeginning& beginning, const WaysIn& ways_in) {
  Snapshots::Site site;
  site.names = ways_in.names;
  site.beginning = beginning;
  return site;
}

// What the engine has left goes to the files, on the only node that there is.
std::optional<Error> end_streams(OutputStreams& streams, const RunOptions& options,
                                 std::optional<Failure>& failure, std::vector<TraceRecord> trace,
                                 std::vector<Report> records) {
  streams.take_rest(std::move(trace), std::move(records));
  enforce_trace_limit(options, streams.trace_records_before() + streams.trace_records(), failure);
  return streams.end({}, failure);
}

void refuse_on_one_node(MoveOrder order) {
  order.outcomes.set_exception(std::make_exception_ptr(UsageError(
      Errc::not_supported, "agents can move between nodes only in a simulation that runs "
                           "on a cluster (distributed: true)")));
}

} // namespace

std::future<std::vector<MoveOutcome>> ThreadPoolBase::migrate(std::vector<AgentMove> moves) {
  return ways_in_->desk->order(std::move(moves));
}

void ThreadPoolBase::name_agent(const Cell& cell, const std::string& name) {
  if (name.empty())
    throw UsageError(Errc::bad_argument, describe(cell) + " cannot have an empty name");
  if (!ways_in_->names->enter(name, cell.id))
    throw UsageError(Errc::bad_argument,
                     describe(cell) + " cannot be named " + name + ": another agent is");
}

ThreadPoolBase::ThreadPoolBase(caf::actor_system* system, ClusterNode* node, std::uint32_t workers)
    : system_(system), node_(node), workers_(workers), ways_in_(std::make_shared<WaysIn>()) {}

void ThreadPoolBase::renew() { ways_in_ = std::make_shared<WaysIn>(); }

RunOptions ThreadPoolBase::options_of_run(std::uint32_t n) {
  if (!OptionsOfMain::exist())
    look_after_process(&ClusterNode::leave_process);
  RunOptions options = options_of_process();
  if (n == 1)
    return options;
  for (std::string* path : {&options.trace_path, &options.summary_path, &options.observations_path,
                            &options.reports_path, &options.records_path}) {
    std::error_code status; // a pipe or a device takes them all
    if (std::filesystem::is_regular_file(*path, status))
      *path += "." + std::to_string(n);
  }
  return options;
}

void ThreadPoolBase::run_has_ended(const RunOptions& options, const RunSummary& summary) {
  if (OptionsOfMain::exist())
    return;
  if (options.digest_only)
    std::cout << summary.digests() + "\n" << std::flush;
  else
    std::cerr << summary.to_string() << std::flush;
}

// Whatever ends the run: what it has begun is brought to an end before the exception goes on, also
// if the program does not catch it.
RunSummary ThreadPoolBase::run(World& world) {
  try {
    return run_to_end(world);
  } catch (...) {
    throw;
  }
}

RunSummary ThreadPoolBase::run_to_end(World& world) {
  const RunOptions& options = world.options;
  const std::uint32_t workers =
      options.serial.value_or(false) ? 0 : options.workers.value_or(workers_);
  if (wants_to_look_in(options))
    look_in(
        world,
        [this](World& again) { (void)ThreadPoolBase(system_, nullptr, workers_).run(again); },
        workers);
  if (!options.distributed)
    ways_in_->desk->open(refuse_on_one_node);
  const std::shared_ptr<StatusDesk> exported = exported_desk(options.monitoring);
  if (exported != nullptr)
    world.wall_clock = steady_seconds;
  if (options.distributed)
    return run_distributed(world, workers, exported);
  if (workers == 0)
    return run_serially(world, exported);
  if (system_ != nullptr)
    return run_on_workers(world, *system_, workers, exported);

  require_threads(workers, false);
  init_caf_types();
  caf::actor_system_config config;
  config.set("caf.scheduler.max-threads", static_cast<std::size_t>(workers));
  config.set("caf.scheduler.policy",
             options.scheduler_policy == SchedulerPolicy::sharing ? "sharing" : "stealing");
  caf::actor_system system(config);
  return run_on_workers(world, system, workers, exported);
}

RunSummary ThreadPoolBase::run_distributed(World& world, std::uint32_t workers,
                                           const std::shared_ptr<StatusDesk>& exported) {
  const RunOptions& options = world.options;
  if (workers == 0)
    throw UsageError(Errc::bad_config, "distributed is true, but a node needs at least one worker, "
                                       "and this program runs serially (engine.workers)");
  if (node_ != nullptr)
    return run_on_cluster(world, *node_, workers, *ways_in_, placement_of(options), exported);
  if (system_ == nullptr)
    return run_on_cluster(world, ClusterNode::of_process(options, workers), workers, *ways_in_,
                          placement_of(options), exported);
  ClusterNode node(*system_, options.cluster, options.monitoring);
  return run_on_cluster(world, node, workers, *ways_in_, placement_of(options), exported);
}

PlacementFunction ThreadPoolBase::placement_of(const RunOptions& options) const {
  if (placement_)
    return placement_;
  return *placement_by_name(to_string(options.cluster.placement));
}

AgentActor& ThreadPoolBase::actor_of(Cell& cell) {
  if (AgentActor* actor = bound_actor(cell))
    return *actor;
  if (system_ == nullptr || !cell.world->in_setup())
    throw UsageError(Errc::not_supported,
                     describe(cell) + " has no CAF actor: give the simulation the application's "
                                      "actor system, and do not run it serially");
  return ActorBindings(*system_, ways_in_->door).bind(cell);
}

RunSummary ThreadPoolBase::run_serially(World& world, const std::shared_ptr<StatusDesk>& exported) {
  const Interruption::Watch interruption(world.end_time, stops_at_signal(world));
  Snapshots snapshots(world, here(begin(world, *ways_in_->names), *ways_in_));
  OutputFiles files(world.options);
  ProgressMeter meter(world.options, world.end_time.load());
  ProgressCallback progress;
  if (meter.enabled())
    progress = [&meter](double time, std::uint64_t events) { meter.update(time, events); };
  const auto start = Clock::now();
  SerialBindings bindings;
  SerialEngine engine(world, std::move(progress), &bindings);
  {
    RunSight sight(world, node_name(world.options));
    const LastLook last_look(world);
    sight.last_look = &last_look;
    sight.watch(engine);
    sight.add_continuity = [&snapshots](ContinuityStatus& status) { snapshots.show(status); };
    const WatchedRun watched(sight, {exported});
    engine.run();
  }
  const double wall_time_s = seconds_since(start);
  ways_in_->door->shut();
  Execution& execution = engine.execution();
  world.cuts = snapshots.finish();
  std::optional<Failure> failure =
      why_ended(execution.failure(), world.observers, snapshots.failure(), execution.counters);
  const auto unwritten = end_streams(snapshots.streams(), world.options, failure,
                                     std::move(execution.trace), std::move(execution.records()));
  return files.write(unwritten, [&] {
    return conclude(world, execution.counters, "serial", wall_time_s, failure, {},
                    std::move(execution.reports()));
  });
}

RunSummary ThreadPoolBase::run_on_workers(World& world, caf::actor_system& system,
                                          std::uint32_t workers,
                                          const std::shared_ptr<StatusDesk>& exported) {
  constexpr std::size_t domains_max = 1 << 14;
  const std::size_t domains =
      world.options.parallel == ParallelMode::never
          ? 1
          : std::min<std::size_t>(std::size_t{workers} * world.options.domains_per_worker,
                                  domains_max);
  const Interruption::Watch interruption(world.end_time, stops_at_signal(world));
  Snapshots snapshots(world, here(begin(world, *ways_in_->names), *ways_in_));
  OutputFiles files(world.options);
  const auto start = Clock::now();
  ProgressMeter meter(world.options, world.end_time.load());
  const WorkerRunOwner run(world, system, workers,
                           WorkerRun::Part{std::exchange(world.setup.effects, {}), domains, 0, {}},
                           ways_in_->door);
  DomainBoard& board = run->domains().board();
  RunSight sight(world, node_name(world.options));
  const LastLook last_look(world);
  sight.last_look = &last_look;
  sight.watch(run->domains());
  sight.add_continuity = [&snapshots](ContinuityStatus& status) { snapshots.show(status); };
  const WatchedRun watched(sight, {exported});
  run->start();
  ways_in_->door->open([&board](DomainIndex domain, std::unique_ptr<OutsideTask>& task) {
    return board.post(domain, task);
  });
  run->wait(meter);
  ways_in_->door->shut();
  const double wall_time_s = seconds_since(start);
  DomainSet& set = run->domains();
  world.cuts = snapshots.finish();
  const RunCounters counters = set.counters();
  std::optional<Failure> failure =
      why_ended(set.failure(), world.observers, snapshots.failure(), counters);
  const auto unwritten = end_streams(snapshots.streams(), world.options, failure, set.take_trace(),
                                     set.take_records());
  const std::string engine = std::to_string(workers) + (workers == 1 ? " worker, " : " workers, ") +
                             std::to_string(domains) + (domains == 1 ? " domain" : " domains");
  return files.write(unwritten, [&] {
    return conclude(world, counters, engine, wall_time_s, failure, set.engine_counters(),
                    set.take_reports());
  });
}

} // namespace stos::detail

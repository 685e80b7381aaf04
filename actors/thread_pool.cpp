#include "actors/thread_pool.hpp"

#include "actors/caf_types.hpp"
#include "actors/progress_meter.hpp"
#include "libstos/agent/domain_set.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>

namespace stos::detail {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void write_trace(const RunOptions& options, std::vector<TraceRecord> records) {
  if (options.trace_path.empty())
    return;
  std::ofstream file(options.trace_path);
  file << format_trace(std::move(records));
  file.flush();
  if (!file)
    throw UsageError(Errc::io_error, "cannot write the trace to " + options.trace_path + ": " +
                                         std::strerror(errno));
}

// How often a domain that waits for others looks at their clocks before it sleeps: about 200
// microseconds, a few times as long as it takes to wake a worker.
constexpr std::uint32_t looks_max = 4000;

// Where domains take turns on the processors, whoever waits must not keep others from running.
std::uint32_t processors() { return std::max(1U, std::thread::hardware_concurrency()); }

AgentActor* bound_actor(const Cell& cell) { return static_cast<AgentActor*>(cell.binding); }

void end_actor(Cell& cell) {
  AgentActor* actor = bound_actor(cell);
  if (actor == nullptr)
    return;
  actor->agent_ended();
  cell.binding = nullptr;
  caf::intrusive_ptr_release(actor->ctrl());
}

// In a serial run only those agents have an actor whose handle was taken before it.
class SerialBindings final : public AgentBindings {
public:
  void started(Cell&) override {}
  void ended(Cell& cell) override { end_actor(cell); }
};

// Gives each agent an actor while it lives.
class ActorBindings final : public AgentBindings {
public:
  ActorBindings(caf::actor_system& system, OutsideDoorPtr door)
      : system_(system), door_(std::move(door)) {}

  AgentActor& bind(Cell& cell) {
    if (cell.binding == nullptr)
      cell.binding = &AgentActor::create(system_, cell, door_);
    return *bound_actor(cell);
  }

  void started(Cell& cell) override { bind(cell).agent_started(cell.domain); }

  void ended(Cell& cell) override { end_actor(cell); }

private:
  caf::actor_system& system_;
  OutsideDoorPtr door_;
};

// One run on CAF's workers. Owned by its jobs and by the thread that waits for it.
class WorkerRun : public std::enable_shared_from_this<WorkerRun> {
public:
  WorkerRun(World& world, caf::actor_system& system, std::uint32_t workers, std::size_t domains,
            OutsideDoorPtr door)
      : system_(system), bindings_(system, std::move(door)),
        events_per_slice_(world.options.events_per_slice),
        domains_(
            world, domains, [this](std::size_t d) { schedule(d); }, &bindings_,
            DomainBoard::Patience{domains <= processors() ? looks_max : 0, workers}),
        left_(domains) {}

  void start() {
    for (std::size_t i = 0; i < domains_.size(); ++i)
      jobs_.push_back(caf::make_counted<DomainJob>(shared_from_this(), i));
    domains_.start();
  }

  // The waiting thread lets go of the jobs, which own the run in turn.
  void wait(ProgressMeter& progress) {
    std::unique_lock lock(mutex_);
    const auto finished = [this] { return left_ == 0; };
    if (!progress.enabled()) {
      finished_.wait(lock, finished);
    } else {
      while (!finished_.wait_for(lock, std::chrono::milliseconds(100), finished))
        progress.update(least_clock(), domains_.board().events());
    }
    jobs_.clear();
  }

  [[nodiscard]] DomainSet& domains() { return domains_; }

private:
  class DomainJob final : public caf_version::Job {
  public:
    DomainJob(std::shared_ptr<WorkerRun> run, std::size_t domain)
        : run_(std::move(run)), domain_(domain) {}

    resume_result resume(caf_version::Host*, std::size_t) override {
      return run_->run_slice(domain_);
    }

  private:
    std::shared_ptr<WorkerRun> run_;
    std::size_t domain_;
  };

  void schedule(std::size_t domain) {
    DomainJob* job = jobs_[domain].get();
    job->ref(); // the worker's; it lets go of it unless the job is resumed later
    caf_version::schedule(system_, job);
  }

  // What a model throws is caught where it runs. Whatever gets here (there was no memory to queue a
  // lambda, say) leaves the domain in the middle of a step, from where nothing can go on.
  caf::resumable::resume_result run_slice(std::size_t domain) noexcept {
    switch (domains_.run(domain, events_per_slice_)) {
      case Domain::Slice::more: return caf::resumable::resume_later;
      case Domain::Slice::parked: return caf::resumable::awaiting_message;
      case Domain::Slice::finished: break;
    }
    const std::lock_guard lock(mutex_);
    if (--left_ == 0)
      finished_.notify_all();
    return caf::resumable::done;
  }

  [[nodiscard]] double least_clock() {
    double least = Instant::never().absorption;
    for (std::size_t i = 0; i < domains_.size(); ++i)
      least = std::min(least, domains_.board().clock(i));
    return least;
  }

  caf::actor_system& system_;
  ActorBindings bindings_;
  const std::uint64_t events_per_slice_;
  DomainSet domains_;
  std::vector<caf::intrusive_ptr<DomainJob>> jobs_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t left_;
};

} // namespace

ThreadPoolBase::ThreadPoolBase(caf::actor_system* system, std::uint32_t workers)
    : system_(system), workers_(workers), door_(caf::make_counted<OutsideDoor>()) {}

RunSummary ThreadPoolBase::run(World& world) {
  const RunOptions& options = world.options;
  if (options.distributed)
    throw UsageError(Errc::not_supported, "this build cannot run as a node of a cluster yet: set "
                                          "distributed to false to run on this machine alone");
  const std::uint32_t workers =
      options.serial.value_or(false) ? 0 : options.workers.value_or(workers_);
  if (workers == 0)
    return run_serially(world);
  if (system_ != nullptr)
    return run_on_workers(world, *system_, workers);

  init_caf_types();
  caf::actor_system_config config;
  config.set("caf.scheduler.max-threads", static_cast<std::size_t>(workers));
  config.set("caf.scheduler.policy",
             options.scheduler_policy == SchedulerPolicy::sharing ? "sharing" : "stealing");
  caf::actor_system system(config);
  return run_on_workers(world, system, workers);
}

AgentActor& ThreadPoolBase::actor_of(Cell& cell) {
  if (AgentActor* actor = bound_actor(cell))
    return *actor;
  if (system_ == nullptr || !cell.world->in_setup())
    throw UsageError(Errc::not_supported,
                     describe(cell) + " has no CAF actor: give the simulation the application's "
                                      "actor system, and do not run it serially");
  return ActorBindings(*system_, door_).bind(cell);
}

RunSummary ThreadPoolBase::run_serially(World& world) {
  ProgressMeter meter(world.options, world.end_time.load());
  ProgressCallback progress;
  if (meter.enabled())
    progress = [&meter](double time, std::uint64_t events) { meter.update(time, events); };
  const auto start = Clock::now();
  SerialBindings bindings;
  SerialEngine engine(world, std::move(progress), &bindings);
  engine.run();
  const double wall_time_s = seconds_since(start);
  door_->shut();
  write_trace(world.options, std::move(engine.execution().trace));
  return conclude(world, engine.execution().counters, "serial", wall_time_s,
                  engine.execution().failure());
}

RunSummary ThreadPoolBase::run_on_workers(World& world, caf::actor_system& system,
                                          std::uint32_t workers) {
  constexpr std::size_t domains_max = 1 << 14;
  const std::size_t domains =
      std::min<std::size_t>(std::size_t{workers} * world.options.domains_per_worker, domains_max);
  const auto start = Clock::now();
  ProgressMeter meter(world.options, world.end_time.load());
  const auto run = std::make_shared<WorkerRun>(world, system, workers, domains, door_);
  DomainBoard& board = run->domains().board();
  run->start();
  door_->open([&board](std::size_t domain, std::unique_ptr<OutsideTask>& task) {
    return board.post(domain, task);
  });
  run->wait(meter);
  door_->shut();
  const double wall_time_s = seconds_since(start);
  write_trace(world.options, run->domains().trace());
  const std::string engine = std::to_string(workers) + (workers == 1 ? " worker, " : " workers, ") +
                             std::to_string(domains) + (domains == 1 ? " domain" : " domains");
  return conclude(world, run->domains().counters(), engine, wall_time_s, run->domains().failure(),
                  run->domains().engine_counters());
}

} // namespace stos::detail

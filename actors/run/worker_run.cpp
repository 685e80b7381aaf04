#include "actors/run/worker_run.hpp"

#include "actors/agents/citizens.hpp"
#include "actors/messages/outside_message.hpp"
#include "actors/status/status_desk.hpp"
#include "config/interruption.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

namespace stos::detail {
namespace {

// How often a domain that waits for others looks at their clocks before it sleeps: about 200
// microseconds, a few times as long as it takes to wake a worker.
constexpr std::uint32_t looks_max = 4000;

// With more domains than workers, a worker that is free takes the next one, which levels loads as
// well. Agents of one node of a cluster stay where they are: a stop concerns all nodes.
LoadLeveller::Tasks tasks_of_leveller(const World& world, std::uint32_t workers,
                                      const WorkerRun::Part& part) {
  const bool may_divide = part.links == 0 && part.domains > 1;
  return {may_divide && world.options.divide_by_load && part.domains <= workers,
          may_divide && world.options.parallel == ParallelMode::automatic};
}

// Where domains take turns on the processors, one that waits must not keep others from running;
// with other nodes, that is also the network's thread. The only domain of a node waits for other
// nodes, which have to be asked: the gateway does so once it sleeps.
std::uint32_t patience(const WorkerRun::Part& part) {
  if (part.links > 0 && part.domains == 1)
    return 0;
  const std::size_t busy = part.domains + (part.links > 0 ? 1 : 0);
  return busy <= std::max(1U, std::thread::hardware_concurrency()) ? looks_max : 0;
}

} // namespace

AgentActor* bound_actor(const Cell& cell) { return static_cast<AgentActor*>(cell.binding); }

void end_actor(Cell& cell) {
  AgentActor* actor = bound_actor(cell);
  if (actor == nullptr)
    return;
  actor->agent_ended();
  cell.binding = nullptr;
  caf::intrusive_ptr_release(actor->ctrl());
}

AgentActor& ActorBindings::bind(Cell& cell) {
  if (cell.binding == nullptr)
    cell.binding = &AgentActor::create(system_, cell, door_);
  return *bound_actor(cell);
}

void ActorBindings::ended(Cell& cell) {
  if (KeptActors* kept = citizens_ == nullptr ? nullptr : citizens_->kept())
    return kept->take(cell);
  end_actor(cell);
  if (citizens_ != nullptr)
    citizens_->ended(cell);
}

void ActorBindings::left(Cell& cell, NodeIndex node) { citizens_->leaves(cell, node); }

void ActorBindings::arrived(Cell& cell) {
  citizens_->comes(cell);
  started(cell);
  cell.mailbox.for_each([&](Lambda& lambda, double) {
    if (OutsideMessage* message = message_of(static_cast<Closure&>(lambda)))
      message->unpack(cell.id, citizens_->claim_luggage(cell.id, message->luggage()));
  });
  citizens_->leave_unclaimed(cell.id);
}

caf::resumable::resume_result WorkerRun::DomainJob::resume(caf_version::Host*, std::size_t) {
  return run_->run_slice(domain_);
}

WorkerRun::WorkerRun(World& world, caf::actor_system& system, std::uint32_t workers,
                     const Part& part, OutsideDoorPtr door)
    : system_(system), wants_stop_(world.wants_stop),
      bindings_(system, std::move(door), part.citizens),
      events_per_slice_(world.options.events_per_slice), schedule_gateway_(part.schedule_gateway),
      left_(part.domains) {
  const LoadLeveller::Tasks tasks = tasks_of_leveller(world, workers, part);
  const bool goes_on = world.resumption != nullptr;
  const std::size_t agents =
      goes_on ? world.resumption->agents.size() : part.own.changes().born.size();
  const std::size_t channels =
      goes_on ? world.resumption->opened.size() : part.own.changes().opened.size();
  const bool levelled = tasks.divides_by_load || tasks.tries_together;
  domains_.emplace(
      world, part.own, part.domains, part.links, [this](RunnerIndex r) { schedule(r); }, &bindings_,
      DomainBoard::Patience{patience(part), workers, steady_seconds},
      tasks.tries_together ? DomainSet::Start::as_seems_best : DomainSet::Start::divided);
  if (levelled)
    leveller_.emplace(*domains_, agents, channels, tasks);
}

void WorkerRun::start() {
  for (const DomainIndex i : domains_->all())
    jobs_.push_back(caf::make_counted<DomainJob>(shared_from_this(), i));
  domains_->start();
}

// The waiting thread lets go of the jobs, which own the run in turn.
void WorkerRun::wait(ProgressMeter& progress) {
  std::unique_lock lock(mutex_);
  const auto finished = [this] { return left_ == 0; };
  DomainBoard& board = domains_->board();
  if (!progress.enabled() && !board.has_links()) {
    finished_.wait(lock, finished);
  } else {
    while (!finished_.wait_for(lock, std::chrono::milliseconds(100), finished)) {
      progress.update(least_clock(), board.loads().events());
      if ((Interruption::signal() != 0 || wants_stop_) && board.has_links())
        board.wake_gateway(); // no other thread may be awake to tell the other nodes
    }
  }
  jobs_.clear();
}

void WorkerRun::schedule(RunnerIndex runner) {
  if (runner == domains_->board().gateway()) {
    schedule_gateway_();
    return;
  }
  DomainJob* job = jobs_[runner.domain()].get();
  job->ref(); // the worker's; it lets go of it unless the job is resumed later
  caf_version::schedule(system_, job);
}

// What a model throws is caught where it runs. Whatever gets here (there was no memory to queue a
// lambda, say) leaves the domain in the middle of a step, from where nothing can go on.
caf::resumable::resume_result WorkerRun::run_slice(DomainIndex domain) noexcept {
  std::uint64_t events_max = events_per_slice_;
  if (leveller_) {
    leveller_->look();
    events_max = leveller_->slice(events_max);
  }
  switch (domains_->run(domain, events_max)) {
    case Domain::Slice::more: return caf::resumable::resume_later;
    case Domain::Slice::parked: return caf::resumable::awaiting_message;
    case Domain::Slice::finished: break;
  }
  const std::lock_guard lock(mutex_);
  if (--left_ == 0)
    finished_.notify_all();
  return caf::resumable::done;
}

double WorkerRun::least_clock() {
  double least = Instant::never().absorption;
  for (const DomainIndex i : domains_->all())
    least = std::min(least, domains_->board().clock(i));
  return least;
}

} // namespace stos::detail

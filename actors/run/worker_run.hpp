#pragma once

#include "actors/agents/agent_actor.hpp"
#include "actors/run/load_leveller.hpp"
#include "actors/run/progress_meter.hpp"
#include "actors/transport/caf_version.hpp"
#include "libstos/engine/parallel/domain_set.hpp"

#include <caf/fwd.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace stos::detail {

/// The CAF actor of `cell`, if it has one.
[[nodiscard]] AgentActor* bound_actor(const Cell& cell);

/// Ends it, and lets go of it.
void end_actor(Cell& cell);

class Citizens;

/// Gives each agent an actor while it lives. With other nodes, `citizens` know where agents go.
class ActorBindings final : public AgentBindings {
public:
  ActorBindings(caf::actor_system& system, OutsideDoorPtr door, Citizens* citizens = nullptr)
      : system_(system), door_(std::move(door)), citizens_(citizens) {}

  AgentActor& bind(Cell& cell);
  void started(Cell& cell) override { bind(cell).agent_started(cell); }
  void ended(Cell& cell) override;
  void left(Cell& cell, NodeIndex node) override;
  void arrived(Cell& cell) override;
  void moved(Cell& cell) override { started(cell); }

private:
  caf::actor_system& system_;
  OutsideDoorPtr door_;
  Citizens* citizens_;
};

/// One run on CAF's workers, or one node's part of it. Its jobs keep it until workers have let go
/// of them, which may be later than the world lasts; so the thread that waits for it frees the
/// domains, by a WorkerRunOwner.
class WorkerRun : public std::enable_shared_from_this<WorkerRun> {
public:
  /// What of a world is to run here.
  struct Part {
    Effects own; ///< of no use any more, and large, once its agents are in their domains
    std::size_t domains;
    std::size_t links = 0;
    std::function<void()> schedule_gateway; ///< with links: see DomainBoard
    Citizens* citizens = nullptr;           ///< on a node of a cluster
  };

  WorkerRun(World& world, caf::actor_system& system, std::uint32_t workers, const Part& part,
            OutsideDoorPtr door);

  void start();

  /// Returns when all domains have finished.
  void wait(ProgressMeter& progress);

  /// @pre free_domains() has not been called
  [[nodiscard]] DomainSet& domains() { return *domains_; }

  /// Frees all that is left of the world's agents. @pre wait() has returned
  void free_domains() {
    leveller_.reset();
    domains_.reset();
  }

private:
  class DomainJob final : public caf_version::Job {
  public:
    DomainJob(std::shared_ptr<WorkerRun> run, DomainIndex domain)
        : run_(std::move(run)), domain_(domain) {}
    resume_result resume(caf_version::Host* host, std::size_t) override;

  private:
    std::shared_ptr<WorkerRun> run_;
    DomainIndex domain_;
  };

  void schedule(RunnerIndex runner);
  caf::resumable::resume_result run_slice(DomainIndex domain) noexcept;
  [[nodiscard]] double least_clock();

  caf::actor_system& system_;
  const std::atomic<bool>& wants_stop_; // the world's
  ActorBindings bindings_;
  const std::uint64_t events_per_slice_;
  std::function<void()> schedule_gateway_;
  std::optional<DomainSet> domains_;
  std::optional<LoadLeveller> leveller_; // where there is something to level
  PerDomain<caf::intrusive_ptr<DomainJob>> jobs_;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t left_;
};

/// Makes a run, and frees its domains when it goes, on the thread that has the world.
class WorkerRunOwner {
public:
  template <class... Args>
  explicit WorkerRunOwner(Args&&... args)
      : run_(std::make_shared<WorkerRun>(std::forward<Args>(args)...)) {}
  ~WorkerRunOwner() { run_->free_domains(); }
  WorkerRunOwner(const WorkerRunOwner&) = delete;
  WorkerRunOwner& operator=(const WorkerRunOwner&) = delete;

  WorkerRun* operator->() const { return run_.get(); }
  WorkerRun& operator*() const { return *run_; }

private:
  const std::shared_ptr<WorkerRun> run_;
};

} // namespace stos::detail

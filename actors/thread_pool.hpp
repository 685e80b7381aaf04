#pragma once

#include "actors/agents/agent_actor.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "libstos/cluster/stop/moves.hpp"
#include "libstos/engine/engine.hpp"

#include <caf/behavior.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos {

class ClusterNode;

namespace detail {

struct WaysIn;
class StatusDesk;

/// What all thread pools have in common, whatever their N.
class ThreadPoolBase {
public:
  /// `system` may be null: then a run brings a system of its own, for as long as it lasts.
  /// On several nodes, `node` is this one; null: it is made when it is needed.
  ThreadPoolBase(caf::actor_system* system, ClusterNode* node, std::uint32_t workers);

  /// Runs `world` to its end and writes its trace, if one was asked for. Throws SimulationError.
  /// With `monitoring.address`, those who ask there see how far it is (UsageError, io_error, if
  /// this process cannot listen there).
  RunSummary run(World& world);

  /// Options of the n-th run of a thread whose program has given none: see options_of_process(). A
  /// trace or summary of a later run does not replace that of the first: it is called "name.2", and
  /// so on.
  /// Throws ConfigError.
  [[nodiscard]] static RunOptions options_of_run(std::uint32_t n);

  /// Tells how such a run went, unless the program has a run_main(), which tells by itself.
  static void run_has_ended(const RunOptions& options, const RunSummary& summary);

  /// The CAF actor of `cell`; creates it if it has none yet. Needs an actor system that was given
  /// to the constructor, else throws UsageError (not_supported).
  AgentActor& actor_of(Cell& cell);

  /// While the simulation runs on several nodes (or before): has agents move to other nodes, each
  /// after those before it, all in one stop of the cluster or a few. What happens to them stays the
  /// same. The outcomes come in the order of the moves, once all of that is through: an agent whose
  /// class has no `inspect`, say, stays where it is. Nodes are numbered in the order of their
  /// names.
  ///
  /// Threads: from anywhere. Errors come with the future, as UsageError: bad_argument for a node
  /// that there is not or when the simulation has ended, not_supported if it does not run on a
  /// cluster.
  [[nodiscard]] std::future<std::vector<MoveOutcome>> migrate(std::vector<AgentMove> moves);

  /// See stos::name_agent().
  void name_agent(const Cell& cell, const std::string& name);

  /// On several nodes: lets `placement` say which node gets which initial agents, instead of the
  /// strategy that `cluster.placement` names. All nodes have to give the same function.
  void place_by(PlacementFunction placement) { placement_ = std::move(placement); }

protected:
  /// Lets go of the run that was: its handles, names and moves.
  void renew();

private:
  RunSummary run_to_end(World& world);
  RunSummary run_distributed(World& world, std::uint32_t workers,
                             const std::shared_ptr<StatusDesk>& exported);
  [[nodiscard]] PlacementFunction placement_of(const RunOptions& options) const;
  RunSummary run_serially(World& world, const std::shared_ptr<StatusDesk>& exported);
  RunSummary run_on_workers(World& world, caf::actor_system& system, std::uint32_t workers,
                            const std::shared_ptr<StatusDesk>& exported);

  caf::actor_system* system_;
  ClusterNode* node_;
  PlacementFunction placement_;
  std::uint32_t workers_;
  std::shared_ptr<WaysIn> ways_in_;
};

} // namespace detail

/// The resource that executes a simulation: N workers of CAF's scheduler.
///
/// `ThreadPool<0>` is the serial engine, on the calling thread: the oracle that all others agree
/// with. The options `serial` and `workers` override N when the program runs.
///
/// A program that has nothing but the static functions of its simulation, neither options nor
/// run_main(), has the options of its environment: of the file that STOS_CONFIG names, and of the
/// variables STOS_... After each run it writes the summary to standard error or, with
/// `output.digest_only`, the digest to standard output. An error that it does not catch becomes a
/// text on standard error; the exit code is 2 if the configuration is wrong, else 1.
///
/// Each agent is a CAF actor. In an application that has an actor system already, give it to the
/// constructor: the agents live there, share its workers with all other actors (N is then only the
/// number of groups that the agents are divided into), and can be handed to ordinary actors by
/// actor_handle(). The system must outlive the simulation.
template <std::uint32_t N>
class ThreadPool : public detail::ThreadPoolBase {
public:
  ThreadPool() : ThreadPoolBase(nullptr, nullptr, N) {}
  explicit ThreadPool(caf::actor_system& system) : ThreadPoolBase(&system, nullptr, N) {}

  /// With `distributed: true`, in an application that is a node of a cluster.
  ThreadPool(caf::actor_system& system, ClusterNode& node) : ThreadPoolBase(&system, &node, N) {}

  /// The same workers or nodes, for another run.
  [[nodiscard]] ThreadPool again() const {
    ThreadPool other = *this;
    other.renew();
    return other;
  }

  /// An agent's class may have a member `caf::behavior make_behavior()`: handlers for messages from
  /// ordinary actors. They run as events of the agent.
  template <class T>
  static const void* agent_hooks() {
    static constexpr detail::AgentHooks hooks{make_behavior_of<T>()};
    return &hooks;
  }

private:
  template <class T>
  static constexpr auto make_behavior_of() -> caf::behavior (*)(AgentBase&) {
    if constexpr (requires(T & agent) {
                    { agent.make_behavior() } -> std::convertible_to<caf::behavior>;
                  })
      return
          [](AgentBase& agent) -> caf::behavior { return static_cast<T&>(agent).make_behavior(); };
    else
      return nullptr;
  }
};

} // namespace stos

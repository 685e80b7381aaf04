#pragma once

#include "actors/caf_version.hpp"
#include "libstos/agent/agent_base.hpp"
#include "libstos/agent/domain_board.hpp"

#include <caf/behavior.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace stos::detail {

/// The door through which messages from outside reach the agents of one run: shut before the run
/// (they wait) and after it (they are refused).
///
/// Threads: all functions may be called from anywhere.
class OutsideDoor {
public:
  using Post = std::function<bool(std::size_t domain, std::unique_ptr<OutsideTask>&)>;
  using DomainIndex = std::atomic<std::uint32_t>; ///< set before the door opens

  void open(Post post);
  void shut();

  /// Hands `task` to the engine that executes `domain`; refuses it after the run. The task must
  /// keep `domain` alive.
  void pass(const DomainIndex& domain, std::unique_ptr<OutsideTask> task);

private:
  enum class State { waiting, opened, closed };

  std::mutex mutex_;
  State state_ = State::waiting;
  Post post_;
  std::vector<std::pair<const DomainIndex*, std::unique_ptr<OutsideTask>>> waiting_;
};

/// How the CAF binding reaches into a user's agent class.
struct AgentHooks {
  caf::behavior (*make_behavior)(AgentBase&); ///< null if the class has none
};

/// An agent as a CAF actor: a handle that can be passed around, monitored, linked and asked.
///
/// It has no mailbox and is never scheduled: what arrives is handed to the engine that executes the
/// agent, which gives it a point in spacetime and puts it into the agent's CausalMailbox, among the
/// lambdas. Lambdas between agents never pass here.
///
/// A lean actor (local_actor without scheduled_actor): about a quarter of the memory of an
/// event-based one, and there may be millions of them.
class AgentActor final : public caf::local_actor {
public:
  using signatures = caf::none_t;
  using behavior_type = caf::behavior;

  AgentActor(caf::actor_config& config, Cell& cell, std::shared_ptr<OutsideDoor> door);
  ~AgentActor() override;

  const char* name() const override { return "stos.agent"; }
  using caf::local_actor::enqueue;
  bool enqueue(caf::mailbox_element_ptr element, caf_version::Host* host) override;
  void launch(caf_version::Host* host, bool lazy, bool hide) override;

  /// Called by the engine before the agent's first event.
  void agent_started(std::uint32_t domain) { domain_ = domain; }

  /// Called by the engine when the agent has ended: tells monitors and links, refuses what comes.
  void agent_ended();

  /// Lets the agent absorb `closure`.
  void inject(Closure& closure);

private:
  struct Delivery;
  struct Injection;

  void deliver(Injector& engine, caf::mailbox_element_ptr element);
  void respond(caf::mailbox_element& element);

  Cell* cell_; // used only by the engine's thread; null when the agent has ended
  OutsideDoor::DomainIndex domain_{0};
  std::shared_ptr<OutsideDoor> door_;
  caf::behavior behavior_;
  bool has_behavior_ = false;
};

} // namespace stos::detail

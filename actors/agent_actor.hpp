#pragma once

#include "actors/caf_version.hpp"
#include "libstos/agent/agent_base.hpp"
#include "libstos/agent/domain_board.hpp"

#include <caf/behavior.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

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
class OutsideDoor : public caf::ref_counted {
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

using OutsideDoorPtr = caf::intrusive_ptr<OutsideDoor>;

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
/// A lean actor: CAF's own machinery for monitors and links, and nothing else; about a fifth of the
/// memory of an event-based one, and there may be millions of them.
class AgentActor final : public caf_version::LeanActor {
public:
  AgentActor(caf::actor_config& config, Cell& cell, OutsideDoorPtr door);
  ~AgentActor() override;

  /// An actor that no `caf::actor_system` waits for at its end.
  static AgentActor& create(caf::actor_system& system, Cell& cell, OutsideDoorPtr door);

  const char* name() const override { return "stos.agent"; }
  using caf_version::LeanActor::enqueue;
  bool enqueue(caf::mailbox_element_ptr element, caf_version::Host* host) override;
  void setup_metrics() {} // it has no mailbox to be measured

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
  OutsideDoorPtr door_;
  std::unique_ptr<caf::behavior> behavior_; // made for the first message
  OutsideDoor::DomainIndex domain_{0};
};

} // namespace stos::detail

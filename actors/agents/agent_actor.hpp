#pragma once

#include "actors/messages/cluster_messages.hpp"
#include "actors/transport/caf_version.hpp"
#include "libstos/engine/parallel/domain_board.hpp"
#include "libstos/world/agent_base.hpp"

#include <caf/behavior.hpp>
#include <caf/detail/invoke_result_visitor.hpp>
#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace stos::detail {

class AgentActor;

/// A lambda from outside as mail; nothing if it cannot travel.
[[nodiscard]] std::optional<AgentMail> mail_of_injection(const Closure& closure);

/// Something from outside of the simulation for the agent behind an actor.
class AgentTask : public OutsideTask {
public:
  explicit AgentTask(caf::strong_actor_ptr receiver) : receiver_(std::move(receiver)) {}

  [[nodiscard]] AgentActor& receiver() const;

  /// By the time that the task is taken up the agent may have moved.
  void run(Injector& engine) final;

  /// The same for the node where the agent is. What cannot go there is refused.
  [[nodiscard]] virtual std::optional<AgentMail> as_mail() = 0;

protected:
  virtual void carry_out(Injector& engine) = 0;
  [[nodiscard]] virtual std::unique_ptr<AgentTask> again() = 0;

  caf::strong_actor_ptr receiver_;
};

/// The door through which messages from outside reach the agents of one run: shut before the run
/// (they wait) and after it (they are refused).
///
/// Threads: all functions may be called from anywhere.
class OutsideDoor : public caf::ref_counted {
public:
  using Post = std::function<bool(DomainIndex domain, std::unique_ptr<OutsideTask>&)>;
  using Forward = std::function<void(AgentMail)>;

  /// `forward` takes what is for agents on other nodes.
  void open(Post post, Forward forward = {});
  void wait(); ///< the run is interrupted, and goes on
  void shut();

  /// Hands `task` to the engine that executes the agent, wherever that is; refuses it after the
  /// run.
  void pass(std::unique_ptr<AgentTask> task);

private:
  enum class State { waiting, opened, closed };

  [[nodiscard]] bool hand_over(std::unique_ptr<AgentTask>& task);

  std::mutex mutex_;
  State state_ = State::waiting;
  Post post_;
  Forward forward_;
  std::vector<std::unique_ptr<AgentTask>> waiting_;
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

  /// Called by the engine before the agent's first event here, and when it goes to another domain.
  void agent_started(Cell& cell) {
    cell_ = &cell;
    domain_ = cell.group.domain();
  }

  /// Called by the engine when the agent goes to another node. The actor stays, for those who know
  /// it here, and forwards what comes.
  void agent_left(AgentId agent) {
    agent_ = agent;
    cell_ = nullptr;
    behavior_.reset(); // it speaks of an object that is gone
    domain_ = std::optional<DomainIndex>();
  }

  /// The domain that executes the agent; none if it is on another node.
  [[nodiscard]] std::optional<DomainIndex> domain() const { return domain_; }

  [[nodiscard]] OutsideDoor& door() const { return *door_; }

  /// Whether an actor may know of it; the engine does.
  [[nodiscard]] bool is_known() const;

  /// Called by the engine when the agent has ended: tells monitors and links, refuses what comes.
  void agent_ended();

  /// Lets the agent absorb `closure`.
  void inject(Closure& closure);

  /// The same on the thread that executes the agent.
  void deliver(Injector& engine, caf::mailbox_element_ptr element);

  /// In an event of the agent: its handlers answer the message.
  void respond(caf::mailbox_element& element);

private:
  class Delivery;
  class Injection;

  void handle(caf::mailbox_element& element, caf::detail::invoke_result_visitor& reply);

  Cell* cell_;    // used only by the engine's thread; null when the agent has ended, or left
  AgentId agent_; // that has left
  OutsideDoorPtr door_;
  std::unique_ptr<caf::behavior> behavior_;                       // made for the first message
  std::atomic<std::optional<DomainIndex>> domain_{DomainIndex()}; // changes at stops only
};

} // namespace stos::detail

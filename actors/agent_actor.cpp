#include "actors/agent_actor.hpp"

#include "libstos/agent/world.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

namespace stos::detail {

void OutsideDoor::open(Post post) {
  std::unique_lock lock(mutex_);
  post_ = std::move(post);
  state_ = State::opened;
  auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (auto& [domain, task] : waiting)
    pass(*domain, std::move(task));
}

void OutsideDoor::shut() {
  std::unique_lock lock(mutex_);
  state_ = State::closed;
  post_ = {};
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const auto& [domain, task] : waiting)
    task->refuse();
}

// A refusal sends messages, so that it must not happen under the lock.
void OutsideDoor::pass(const DomainIndex& domain, std::unique_ptr<OutsideTask> task) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::waiting) {
      waiting_.emplace_back(&domain, std::move(task));
      return;
    }
    if (state_ == State::opened && post_(domain.load(), task))
      return;
  }
  task->refuse();
}

/// A message on its way to the thread that executes the agent.
struct AgentActor::Delivery final : OutsideTask {
  Delivery(caf::strong_actor_ptr to, caf::mailbox_element_ptr what)
      : receiver(std::move(to)), element(std::move(what)) {}

  void run(Injector& engine) override {
    static_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(receiver))
        ->deliver(engine, std::move(element));
  }
  void refuse() override { caf_version::bounce(*element); }

  caf::strong_actor_ptr receiver;
  caf::mailbox_element_ptr element;
};

/// A lambda on its way to the thread that executes the agent.
struct AgentActor::Injection final : OutsideTask {
  Injection(caf::strong_actor_ptr to, Closure& what) : receiver(std::move(to)), closure(&what) {}

  void run(Injector& engine) override {
    auto* actor = static_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(receiver));
    if (actor->cell_ == nullptr)
      discard(*closure, nullptr);
    else
      (void)engine.inject(*actor->cell_, *closure);
  }
  void refuse() override { discard(*closure, nullptr); }

  caf::strong_actor_ptr receiver;
  Closure* closure;
};

AgentActor::AgentActor(caf::actor_config& config, Cell& cell, OutsideDoorPtr door)
    : caf_version::LeanActor(config), cell_(&cell), door_(std::move(door)) {}

AgentActor::~AgentActor() = default;

AgentActor& AgentActor::create(caf::actor_system& system, Cell& cell, OutsideDoorPtr door) {
  caf::actor_config config;
  auto handle = caf::make_actor<AgentActor, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, cell, std::move(door));
  return *static_cast<AgentActor*>(handle.release()->get());
}

bool AgentActor::enqueue(caf::mailbox_element_ptr element, caf_version::Host*) {
  door_->pass(domain_,
              std::make_unique<Delivery>(caf::strong_actor_ptr(ctrl()), std::move(element)));
  return true;
}

void AgentActor::agent_ended() {
  cell_ = nullptr;
  cleanup(caf::error{caf::exit_reason::normal}, nullptr);
}

void AgentActor::inject(Closure& closure) {
  door_->pass(domain_, std::make_unique<Injection>(caf::strong_actor_ptr(ctrl()), closure));
}

void AgentActor::deliver(Injector& engine, caf::mailbox_element_ptr element) {
  if (cell_ == nullptr || element == nullptr) {
    if (element != nullptr)
      caf_version::bounce(*element);
    return;
  }
  // The closure owns the message: if the agent ends before it absorbs it, the request is bounced.
  struct Bouncing {
    void operator()(caf::mailbox_element* e) const {
      caf_version::bounce(*e);
      caf::mailbox_element_ptr{e};
    }
  };
  std::shared_ptr<caf::mailbox_element> message(element.release(), Bouncing{});
  const caf::strong_actor_ptr self(ctrl());
  Closure* closure = make_closure<Portability::node_bound, AgentBase>(
      nullptr, [this, self, message](AgentBase& agent) {
        if (message->payload.match_elements<caf::exit_msg>()) {
          EventContext::of(cell_of(agent)).die(cell_of(agent));
          return;
        }
        respond(*message);
      });
  (void)engine.inject(*cell_, *closure);
}

namespace {

/// Sends what a handler returns to whoever waits for it.
class Reply final : public caf::detail::invoke_result_visitor {
public:
  Reply(caf::strong_actor_ptr self, caf::mailbox_element& element)
      : self_(std::move(self)), element_(element) {}

  void operator()(caf::error& error) override {
    caf::message message = caf::make_message(std::move(error));
    (*this)(message);
  }

  void operator()(caf::message& message) override {
    const bool is_request = element_.mid.is_request() && !element_.mid.is_answered();
    if (element_.sender == nullptr || (!is_request && message.empty()))
      return;
    element_.sender->enqueue(self_, element_.mid.response_id(), std::move(message), nullptr);
  }

private:
  caf::strong_actor_ptr self_;
  caf::mailbox_element& element_;
};

} // namespace

void AgentActor::respond(caf::mailbox_element& element) {
  if (behavior_ == nullptr) {
    behavior_ = std::make_unique<caf::behavior>();
    const auto* hooks = static_cast<const AgentHooks*>(cell_->ops->hooks);
    if (hooks != nullptr && hooks->make_behavior != nullptr)
      *behavior_ = hooks->make_behavior(*cell_->agent);
  }
  Reply reply(caf::strong_actor_ptr(ctrl()), element);
  const bool handled = *behavior_ && (*behavior_)(reply, element.payload);
  if (!handled && element.mid.is_request()) {
    caf::error unexpected = caf::make_error(caf::sec::unexpected_message);
    reply(unexpected);
  }
  element.mid.mark_as_answered();
}

} // namespace stos::detail

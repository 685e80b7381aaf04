#include "actors/agents/agent_actor.hpp"

#include "actors/messages/outside_message.hpp"
#include "actors/transport/message_rules.hpp"
#include "libstos/world/world.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>

namespace stos::detail {

void OutsideDoor::open(Post post, Forward forward) {
  std::unique_lock lock(mutex_);
  post_ = std::move(post);
  forward_ = std::move(forward);
  state_ = State::opened;
  auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (auto& task : waiting)
    pass(std::move(task));
}

void OutsideDoor::wait() {
  const std::lock_guard lock(mutex_);
  state_ = State::waiting;
  post_ = {};
  forward_ = {};
}

void OutsideDoor::shut() {
  std::unique_lock lock(mutex_);
  state_ = State::closed;
  post_ = {};
  forward_ = {};
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const auto& task : waiting)
    task->refuse();
}

// A refusal sends messages, so that it must not happen under the lock.
void OutsideDoor::pass(std::unique_ptr<AgentTask> task) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::waiting) {
      waiting_.push_back(std::move(task));
      return;
    }
    if (state_ == State::opened && hand_over(task))
      return;
  }
  task->refuse();
}

bool OutsideDoor::hand_over(std::unique_ptr<AgentTask>& task) {
  const std::optional<DomainIndex> domain = task->receiver().domain();
  if (!domain) {
    std::optional<AgentMail> mail = task->as_mail();
    if (mail)
      forward_(*std::move(mail));
    return mail.has_value();
  }
  std::unique_ptr<OutsideTask> posted = std::move(task);
  if (post_(*domain, posted))
    return true;
  task.reset(static_cast<AgentTask*>(posted.release()));
  return false;
}

std::optional<AgentMail> mail_of_injection(const Closure& closure) {
  if (!can_travel(*closure.ops))
    return std::nullopt;
  AgentMail mail;
  mail.kind = AgentMail::Kind::injection;
  BytesWriter out(mail.data.data);
  out.u64(closure.ops->type_id);
  closure.ops->save(closure, out);
  return out.ok() ? std::optional(std::move(mail)) : std::nullopt;
}

AgentActor& AgentTask::receiver() const {
  return *static_cast<AgentActor*>(caf::actor_cast<caf::abstract_actor*>(receiver_));
}

void AgentTask::run(Injector& engine) {
  if (receiver().domain() == engine.index())
    carry_out(engine);
  else
    receiver().door().pass(again());
}

/// A message on its way to the thread that executes the agent.
class AgentActor::Delivery final : public AgentTask {
public:
  Delivery(caf::strong_actor_ptr to, caf::mailbox_element_ptr what)
      : AgentTask(std::move(to)), element_(std::move(what)) {}

  void refuse() override { caf_version::bounce(*element_); }
  std::optional<AgentMail> as_mail() override {
    AgentMail mail;
    mail.agent = receiver().agent_.value;
    mail.number = element_->mid.integer_value();
    mail.sender = std::move(element_->sender);
    mail.content.message = std::move(element_->payload);
    return mail;
  }

protected:
  void carry_out(Injector& engine) override { receiver().deliver(engine, std::move(element_)); }
  std::unique_ptr<AgentTask> again() override {
    return std::make_unique<Delivery>(receiver_, std::move(element_));
  }

private:
  caf::mailbox_element_ptr element_;
};

/// A lambda on its way to the thread that executes the agent.
class AgentActor::Injection final : public AgentTask {
public:
  Injection(caf::strong_actor_ptr to, Closure& what) : AgentTask(std::move(to)), closure_(&what) {}

  void refuse() override { discard(*closure_, nullptr); }
  std::optional<AgentMail> as_mail() override {
    std::optional<AgentMail> mail = mail_of_injection(*closure_);
    if (mail) {
      mail->agent = receiver().agent_.value;
      discard(*closure_, nullptr);
    }
    return mail;
  }

protected:
  void carry_out(Injector& engine) override {
    if (Cell* cell = receiver().cell_; cell != nullptr)
      (void)engine.inject(*cell, *closure_);
    else
      discard(*closure_, nullptr);
  }
  std::unique_ptr<AgentTask> again() override {
    return std::make_unique<Injection>(receiver_, *closure_);
  }

private:
  Closure* closure_;
};

bool AgentActor::is_known() const {
  return ctrl()->strong_refs.load() > 1 || ctrl()->weak_refs.load() > 1;
}

AgentActor::AgentActor(caf::actor_config& config, Cell& cell, OutsideDoorPtr door)
    : caf_version::LeanActor(config), cell_(&cell), door_(std::move(door)) {}

AgentActor::~AgentActor() = default;

AgentActor& AgentActor::create(caf::actor_system& system, Cell& cell, OutsideDoorPtr door) {
  caf::actor_config config;
  auto handle = caf::make_actor<AgentActor, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, cell, std::move(door));
  return *static_cast<AgentActor*>(handle.release()->get());
}

// What nodes say to each other is not for agents, and would be an event all the same.
bool AgentActor::enqueue(caf::mailbox_element_ptr element, caf_version::Host*) {
  const auto is_ours = [](caf::type_id_t type) { return rule_for(type).wants_sender; };
  if (std::ranges::any_of(element->payload.types(), is_ours)) {
    caf_version::bounce(*element);
    return true;
  }
  door_->pass(std::make_unique<Delivery>(caf::strong_actor_ptr(ctrl()), std::move(element)));
  return true;
}

void AgentActor::agent_ended() {
  cell_ = nullptr;
  cleanup(caf::error{caf::exit_reason::normal}, nullptr);
}

void AgentActor::inject(Closure& closure) {
  if (!domain() && !can_travel(*closure.ops)) {
    Error problem = cannot_travel(*closure.ops);
    discard(closure, nullptr);
    throw UsageError(problem.code, "the agent is on another node: " + problem.context);
  }
  door_->pass(std::make_unique<Injection>(caf::strong_actor_ptr(ctrl()), closure));
}

void AgentActor::deliver(Injector& engine, caf::mailbox_element_ptr element) {
  if (cell_ == nullptr || element == nullptr) {
    if (element != nullptr)
      caf_version::bounce(*element);
    return;
  }
  (void)engine.inject(*cell_, make_response({cell_->id, std::move(element)}));
}

namespace {

/// Sends what a handler returns to the actor that waits for it.
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
    element_.sender->enqueue(
        caf_version::make_element(self_, element_.mid.response_id(), std::move(message)), nullptr);
  }

private:
  caf::strong_actor_ptr self_;
  caf::mailbox_element& element_;
};

} // namespace

// What a handler throws ends the run, as in every event of the agent. The sender is answered.
void AgentActor::respond(caf::mailbox_element& element) {
  Reply reply(caf::strong_actor_ptr(ctrl()), element);
  const auto answer = [&](const std::string& why) {
    caf::error thrown = caf::make_error(caf::sec::runtime_error, why);
    if (element.mid.is_request())
      reply(thrown);
    element.mid.mark_as_answered();
  };
  try {
    handle(element, reply);
  } catch (const std::exception& e) {
    answer(std::string("the agent's handler threw: ") + e.what());
    throw;
  } catch (...) {
    answer("the agent's handler threw something that is no std::exception");
    throw;
  }
}

void AgentActor::handle(caf::mailbox_element& element, caf::detail::invoke_result_visitor& reply) {
  if (behavior_ == nullptr) {
    behavior_ = std::make_unique<caf::behavior>();
    const auto* hooks = static_cast<const AgentHooks*>(cell_->ops->hooks);
    if (hooks != nullptr && hooks->make_behavior != nullptr)
      *behavior_ = hooks->make_behavior(*cell_->agent);
  }
  const bool handled = *behavior_ && (*behavior_)(reply, element.payload);
  if (!handled && element.mid.is_request()) {
    caf::error unexpected = caf::make_error(caf::sec::unexpected_message);
    reply(unexpected);
  }
  element.mid.mark_as_answered();
}

} // namespace stos::detail

#include "actors/coordination/coordination_desk.hpp"

#include "libstos/cluster/membership/membership.hpp"

#include <utility>

namespace stos::detail {
namespace {

using coordination::Answer;
using coordination::Caller;
using coordination::CoordinationNode;
using coordination::Request;
using coordination::SessionId;

constexpr std::uint32_t lease_of_child_ms = 10'000;

std::uint64_t draw(std::random_device& chance) {
  std::uint64_t number = 0;
  while (number == 0)
    number = std::uint64_t{chance()} << 32 | chance();
  return number;
}

CoordinationAnswer message_of(const Answer& answer) {
  if (answer.outcome == Answer::Outcome::node_lost)
    return coordination_refusal({Errc::node_lost, answer.why});
  BytesWriter out;
  write(answer, out);
  return {NodeHello::current_protocol, 0, {}, {out.take()}};
}

/// The request of a message whose sender may only ask for what `commands` says.
template <class Message>
Result<Request> request_of(const Message& message, bool commands) {
  if (message.protocol != NodeHello::current_protocol)
    return Error{Errc::bad_message, "this node speaks another protocol"};
  BytesReader in(message.request.data);
  Request request = coordination::read_request(in);
  if (!in.at_end() || changes_something(request.what) != commands)
    return Error{Errc::bad_message, "no request for a lock or a shared value"};
  return request;
}

} // namespace

CoordinationDesk::CoordinationDesk() : node_(draw(chance_)) {}

SessionId CoordinationDesk::new_session() { return {draw(chance_)}; }

bool CoordinationDesk::is_due(double now_s) const {
  return has_news_ || node_.table().version() != version_ || now_s >= node_.next_step_s();
}

CoordinationDesk::Output CoordinationDesk::step(const CoordinationNode::Standing& standing,
                                                double now_s) {
  has_news_ = false;
  version_ = node_.table().version();
  Output output;
  step_children(output, now_s);
  node_.step(standing, now_s);
  CoordinationNode::Output of_node = node_.take_output();
  output.to_propose = std::move(of_node.to_propose);
  output.to_send = std::move(of_node.to_send);
  for (auto& [ticket, answer] : of_node.answers) {
    const auto call = calls_.find(ticket);
    if (call == calls_.end()) {
      output.answers.emplace_back(ticket, message_of(answer));
      continue;
    }
    const auto child = children_.find(call->second.child);
    if (child != children_.end()) {
      child->second->hear(call->second.number, answer, now_s);
      has_news_ = true; // there may be more to be asked
    }
    calls_.erase(call);
  }
  step_children(output, now_s);
  return output;
}

void CoordinationDesk::step_children(Output& output, double now_s) {
  for (auto& [id, child] : children_) {
    Caller& caller = *child;
    const bool was_over = caller.is_over();
    caller.step(now_s);
    Caller::Output of_caller = caller.take_output();
    for (auto& [call, request] : of_caller.to_ask) {
      calls_[node_.ask(std::move(request), now_s)] = {id, call};
      has_news_ = true;
    }
    for (auto& [number, answer] : of_caller.answers)
      output.child_answers.push_back({id, number, std::move(answer)});
    if (!was_over && caller.is_over() && caller.has_lost_locks())
      output.lost_locks.push_back(id);
  }
  std::erase_if(children_, [](const auto& child) {
    return child.second->is_over() && !child.second->has_lost_locks();
  });
}

Result<std::uint64_t> CoordinationDesk::ask(const CoordinationQuestion& question, double now_s) {
  Result<Request> request = request_of(question, false);
  if (!request)
    return request.error();
  has_news_ = true;
  return node_.ask(*std::move(request), now_s);
}

Result<std::uint64_t> CoordinationDesk::ask(const CoordinationCommand& command, double now_s) {
  Result<Request> request = request_of(command, true);
  if (!request)
    return request.error();
  has_news_ = true;
  return node_.ask(*std::move(request), now_s);
}

void CoordinationDesk::ask_for_child(std::uint64_t child, std::uint64_t number, Request request) {
  std::unique_ptr<Caller>& caller = children_[child];
  if (caller == nullptr)
    caller =
        std::make_unique<Caller>(new_session(), "part " + std::to_string(child), lease_of_child_ms);
  caller->want(number, std::move(request));
  has_news_ = true;
}

void CoordinationDesk::child_ended(std::uint64_t child, double now_s) {
  const auto known = children_.find(child);
  if (known == children_.end())
    return;
  if (std::optional<Request> closing = known->second->closing())
    calls_[node_.ask(*std::move(closing), now_s)] = {child, 0};
  children_.erase(known);
  has_news_ = true;
}

CoordinationAnswer coordination_refusal(const Error& error) {
  return {NodeHello::current_protocol,
          static_cast<std::uint8_t>(static_cast<int>(error.code) + 1),
          error.context,
          {}};
}

} // namespace stos::detail

#include "libstos/service/coordination/coordination_node.hpp"

#include <algorithm>

namespace stos::coordination {
namespace {

using Outcome = Answer::Outcome;
using What = Request::What;

Answer refused(Outcome outcome, std::string why) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

bool has_news(const Request& request, const Answer& answer) {
  return request.what == What::watch ? answer.outcome != Outcome::done || !answer.changes.empty()
                                     : answer.outcome != Outcome::waiting;
}

} // namespace

std::uint64_t CoordinationNode::ask(Request request, double now_s) {
  const std::uint64_t ticket = ++last_ticket_;
  next_step_s_ = now_s;
  if (const std::optional<std::string> objection = objection_to(request)) {
    output_.answers.emplace_back(ticket, refused(Outcome::bad_request, *objection));
    return ticket;
  }
  if (pending_.size() >= pending_max) {
    output_.answers.emplace_back(
        ticket, refused(Outcome::try_later, std::to_string(pending_.size()) +
                                                " requests wait here for a majority of nodes"));
    return ticket;
  }
  constexpr double ms = 1e-3;
  Pending pending;
  pending.until_s = now_s + std::min(ms * request.patience_ms, patience_max_s);
  pending.request = std::move(request);
  pending_.emplace(ticket, std::move(pending));
  new_.push_back(ticket);
  return ticket;
}

void CoordinationNode::hear(std::span<const std::byte> bytes) {
  if (standing_.leads)
    heard_.emplace_back(bytes.begin(), bytes.end());
}

void CoordinationNode::step(const Standing& standing, double now_s) {
  constexpr double look_s = 0.25;
  const bool led = standing_.leads;
  standing_ = standing;
  next_step_s_ = now_s + look_s;
  if (standing_.leads && !led) {
    clock_ms_ = static_cast<double>(table_.now_ms());
    clock_s_ = now_s;
    next_end_s_ = 0;
  }
  if (std::exchange(leader_before_, standing_.leader) != standing_.leader)
    for (auto& [number, wish] : wishes_)
      wish.next_s = 0;
  keep_time(now_s);
  hear_results();
  if (!standing_.belongs) {
    heard_.clear();
    return refuse_all(Outcome::node_lost, "the node does not belong to its cluster");
  }
  begin_requests();
  begin_looks();
  look_at_waiting(now_s);
  tell_wishes(now_s);
  end_leases(now_s);
}

void CoordinationNode::begin_requests() {
  for (const std::uint64_t ticket : std::exchange(new_, {})) {
    const Request& request = pending_.at(ticket).request;
    if (changes_something(request.what)) {
      add_wish(request, {ticket});
    } else if (request.what == What::watch) {
      waiting_.push_back(ticket);
      version_seen_ = 0;
    } else {
      looks_.push_back(ticket);
    }
  }
}

void CoordinationNode::keep_time(double now_s) {
  constexpr double ms = 1e3;
  clock_ms_ += ms * std::clamp(now_s - clock_s_, 0.0, pause_max_s);
  clock_ms_ = std::max(clock_ms_, static_cast<double>(table_.now_ms()));
  clock_s_ = now_s;
}

std::vector<std::byte> CoordinationNode::stamped(std::span<const std::byte> wish) const {
  return CoordinationTable::entry(static_cast<std::uint64_t>(clock_ms_), wish);
}

std::uint64_t CoordinationNode::add_wish(const Request& request,
                                         std::vector<std::uint64_t> tickets) {
  const std::uint64_t number = ++last_number_;
  wishes_[number] = {CoordinationTable::wish({process_, number}, request), std::move(tickets), 0};
  return number;
}

// One at a time: so those that come meanwhile share the next one.
void CoordinationNode::begin_looks() {
  if (look_wish_ || looks_.empty())
    return;
  look_wish_ = add_wish({}, std::exchange(looks_, {}));
}

void CoordinationNode::hear_results() {
  for (auto& [number, result] : table_.take_results()) {
    const auto wish = wishes_.find(number);
    if (wish == wishes_.end())
      continue;
    const std::vector<std::uint64_t> tickets = std::move(wish->second.tickets);
    wishes_.erase(wish);
    if (look_wish_ == number)
      look_wish_.reset();
    for (const std::uint64_t ticket : tickets) {
      const Request& request = pending_.at(ticket).request;
      if (!changes_something(request.what)) {
        answer(ticket, table_.look(request));
      } else if (has_news(request, result)) {
        answer(ticket, result);
      } else {
        waiting_.push_back(ticket);
        version_seen_ = 0;
      }
    }
  }
}

void CoordinationNode::look_at_waiting(double now_s) {
  const bool has_changed = std::exchange(version_seen_, table_.version()) != table_.version();
  std::vector<std::uint64_t> still;
  for (const std::uint64_t ticket : waiting_) {
    const Pending& pending = pending_.at(ticket);
    const Request& request = pending.request;
    const bool is_late = now_s >= pending.until_s;
    if (has_changed || is_late) {
      Answer now = request.what == What::watch ? table_.look(request)
                                               : table_.claim({request.session, request.sequence});
      if (is_late || has_news(request, now)) {
        answer(ticket, std::move(now));
        continue;
      }
    }
    next_step_s_ = std::min(next_step_s_, pending.until_s);
    still.push_back(ticket);
  }
  waiting_ = std::move(still);
}

void CoordinationNode::tell_wishes(double now_s) {
  if (standing_.leads)
    for (const std::vector<std::byte>& wish : heard_)
      output_.to_propose.push_back(stamped(wish));
  heard_.clear();
  for (auto& [number, wish] : wishes_) {
    if (now_s < wish.next_s)
      continue;
    if (standing_.leads)
      output_.to_propose.push_back(stamped(wish.bytes));
    else if (standing_.leader)
      output_.to_send.emplace_back(standing_.leader, wish.bytes);
    else
      continue;
    wish.next_s = now_s + again_s;
  }
}

// The time alone, where something ends by it.
void CoordinationNode::end_leases(double now_s) {
  constexpr double ms = 1e-3;
  const std::optional<std::uint64_t> next = table_.next_end_ms();
  if (!standing_.leads || !next)
    return;
  const double left_s = ms * (static_cast<double>(*next) - clock_ms_);
  if (left_s > 0) {
    next_step_s_ = std::min(next_step_s_, now_s + left_s + ms);
  } else if (now_s >= next_end_s_) {
    output_.to_propose.push_back(stamped(CoordinationTable::wish({}, {})));
    next_end_s_ = now_s + again_s;
  }
}

void CoordinationNode::answer(std::uint64_t ticket, Answer answer) {
  pending_.erase(ticket);
  output_.answers.emplace_back(ticket, std::move(answer));
}

void CoordinationNode::refuse_all(Outcome outcome, const std::string& why) {
  for (const auto& [ticket, pending] : pending_)
    output_.answers.emplace_back(ticket, refused(outcome, why));
  pending_.clear();
  new_.clear();
  wishes_.clear();
  looks_.clear();
  look_wish_.reset();
  waiting_.clear();
}

CoordinationCounts CoordinationNode::counts() const {
  CoordinationCounts counts;
  counts.held = table_.locks().held();
  counts.waiting = table_.locks().waiting();
  counts.granted = table_.locks().last_fence();
  counts.leases_ended = table_.leases_ended();
  counts.changes = table_.map().revision();
  counts.sessions = table_.sessions().size();
  counts.keys = table_.map().size();
  return counts;
}

} // namespace stos::coordination

#include "libstos/service/coordination/caller.hpp"

#include <algorithm>

namespace stos::coordination {
namespace {

using What = Request::What;
using Outcome = Answer::Outcome;

constexpr double again_s = 0.1; // after an answer that is none

Answer refused(Outcome outcome, std::string why) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

bool is_none(Outcome outcome) {
  return outcome == Outcome::try_later || outcome == Outcome::node_lost;
}

} // namespace

Request Caller::lease_request(What what) const {
  Request request;
  request.what = what;
  request.session = session_;
  request.name = name_;
  request.lease_ms = lease_ms_;
  return request;
}

std::optional<Request> Caller::closing() const {
  return state_ == State::none || is_over() ? std::nullopt
                                            : std::optional(lease_request(What::close));
}

void Caller::want(std::uint64_t number, Request request) {
  if (is_over())
    return answer(number, request, refused(Outcome::session_over, "the lease has ended"));
  if (wanted_.size() >= requests_max)
    return answer(number, request,
                  refused(Outcome::full, std::to_string(wanted_.size()) +
                                             " requests are under way, which is the limit"));
  if (request.what == What::release) {
    const auto claim = claims_.find(request.claim);
    if (claim == claims_.end())
      return answer(number, request, refused(Outcome::not_there, "it was not held any more"));
    held_.erase(request.claim);
    request.claim = claim->second;
    claims_.erase(claim);
  }
  request.session = session_;
  request.patience_ms = patience_ms;
  if (changes_something(request.what))
    request.sequence = ++last_sequence_;
  if (request.what == What::acquire)
    claims_[number] = request.sequence;
  wanted_.emplace(++last_wanted_, Wanted{number, std::move(request), {}});
}

void Caller::answer(std::uint64_t number, const Request& request, const Answer& answer) {
  if (request.what == What::acquire && answer.outcome == Outcome::done)
    held_[number] = answer.fence;
  else if (request.what == What::acquire)
    claims_.erase(number);
  output_.answers.emplace_back(number, answer);
}

std::uint64_t Caller::done_below() const {
  std::uint64_t lowest = last_sequence_ + 1;
  for (const auto& [order, wanted] : wanted_)
    if (wanted.request.sequence > 0 && !wanted.waits)
      lowest = std::min(lowest, wanted.request.sequence);
  return lowest;
}

void Caller::step(double now_s) {
  if (is_over() || (state_ == State::none && wanted_.empty()))
    return;
  if (state_ == State::open && now_s >= lease_until_s_)
    return end();
  if (!lease_call_ && now_s >= lease_next_s_) {
    const What what = state_ == State::open ? What::renew : What::open;
    state_ = state_ == State::none ? State::opening : state_;
    if (lease_asked_s_ == 0)
      lease_asked_s_ = now_s;
    lease_call_ = ++last_call_;
    output_.to_ask.emplace_back(*lease_call_, lease_request(what));
  }
  if (state_ != State::open)
    return;
  for (auto& [order, wanted] : wanted_)
    if (!wanted.call && now_s >= wanted.next_s) {
      wanted.call = ++last_call_;
      wanted.request.done_below = done_below();
      output_.to_ask.emplace_back(*wanted.call, wanted.request);
    }
}

void Caller::hear(std::uint64_t call, const Answer& answer, double now_s) {
  constexpr double ms = 1e-3;
  if (is_over())
    return;
  if (answer.outcome == Outcome::session_over)
    return end();
  if (lease_call_ == call) {
    lease_call_.reset();
    if (answer.outcome != Outcome::done) {
      lease_next_s_ = now_s + again_s;
      if (!is_none(answer.outcome)) { // there is no room for it
        for (auto& [order, wanted] : std::exchange(wanted_, {}))
          this->answer(wanted.number, wanted.request, answer);
        state_ = State::none;
        lease_asked_s_ = 0;
      }
      return;
    }
    state_ = State::open;
    lease_until_s_ = lease_asked_s_ + ms * margin * lease_ms_;
    lease_next_s_ = lease_asked_s_ + ms * lease_ms_ / 3;
    lease_asked_s_ = 0;
    return;
  }
  const auto own = std::ranges::find_if(
      wanted_, [call](const auto& wanted) { return wanted.second.call == call; });
  if (own == wanted_.end())
    return;
  own->second.call.reset();
  if (is_none(answer.outcome)) {
    own->second.next_s = now_s + again_s;
  } else if (answer.outcome == Outcome::waiting) {
    own->second.waits = true;
  } else {
    const Wanted wanted = std::move(own->second);
    wanted_.erase(own);
    this->answer(wanted.number, wanted.request, answer);
  }
}

void Caller::end() {
  state_ = State::over;
  for (auto& [order, wanted] : std::exchange(wanted_, {}))
    output_.answers.emplace_back(wanted.number,
                                 refused(Outcome::session_over, "the lease has ended"));
}

} // namespace stos::coordination

#include "libstos/raft/bully_election.hpp"

#include <algorithm>
#include <utility>

namespace stos::raft {

BullyElection::BullyElection(NodeId self, std::uint32_t election_ticks, std::uint64_t seed)
    : self_(self), election_ticks_(election_ticks), random_(seed) {
  wait(State::content, random_ticks());
}

std::uint32_t BullyElection::random_ticks() {
  return election_ticks_ + 1 + random_.below(election_ticks_);
}

void BullyElection::wait(State state, std::uint32_t ticks) {
  state_ = state;
  left_ = ticks;
}

bool BullyElection::is_passed_over(NodeId node) const {
  return std::find(passed_over_.begin(), passed_over_.end(), node) != passed_over_.end();
}

void BullyElection::leader_heard(NodeId leader) {
  silence_ = 0;
  leader_ = leader;
  passed_over_.clear();
  deferred_to_.clear();
  // A node with a higher id than the leader's does not rest before it leads itself.
  if (leader >= self_)
    wait(State::content, random_ticks());
}

void BullyElection::tick(const Electorate& electorate) {
  ++silence_;
  if (--left_ > 0)
    return;
  switch (state_) {
    case State::content: begin_election(electorate); break;
    case State::asking: name_self(electorate); break;
    case State::deferring:
      for (const NodeId node : deferred_to_)
        if (!is_passed_over(node))
          passed_over_.push_back(node);
      begin_election(electorate);
      break;
  }
}

void BullyElection::begin_election(const Electorate& electorate) {
  deferred_to_.clear();
  if (!electorate.includes_self) {
    wait(State::content, random_ticks());
    return;
  }
  bool asked = false;
  for (const NodeId node : electorate.configuration.members())
    if (node > self_ && electorate.configuration.is_voter(node) && !is_passed_over(node)) {
      output_.to_send.emplace_back(node, ElectionMessage::election);
      asked = true;
    }
  if (asked)
    wait(State::asking, std::max(election_ticks_ / 2, 1u));
  else
    name_self(electorate);
}

void BullyElection::name_self(const Electorate& electorate) {
  for (const NodeId node : electorate.configuration.members())
    if (node != self_)
      output_.to_send.emplace_back(node, ElectionMessage::coordinator);
  named_ = self_;
  // Loyal followers of a leader that lives would not vote; it hands over instead.
  if (silence_ > election_ticks_)
    output_.campaign = true;
  wait(State::content, random_ticks());
}

void BullyElection::defer_to(NodeId higher) {
  if (std::find(deferred_to_.begin(), deferred_to_.end(), higher) == deferred_to_.end())
    deferred_to_.push_back(higher);
  if (state_ != State::deferring)
    wait(State::deferring, 2 * election_ticks_ + random_.below(election_ticks_));
}

void BullyElection::hear(NodeId from, ElectionMessage message, const Electorate& electorate) {
  switch (message) {
    case ElectionMessage::election:
      if (from >= self_ || !electorate.includes_self)
        return;
      output_.to_send.emplace_back(from, ElectionMessage::ok);
      if (state_ == State::content && leader_ != self_)
        begin_election(electorate);
      return;
    case ElectionMessage::ok:
      if (from > self_ && state_ == State::asking && !is_passed_over(from))
        defer_to(from);
      return;
    case ElectionMessage::coordinator:
      if (from < self_) {
        if (state_ == State::content && leader_ != self_)
          begin_election(electorate);
        return;
      }
      if (from == self_ || is_passed_over(from))
        return;
      named_ = from;
      if (silence_ > 0)
        defer_to(from);
      return;
  }
}

ElectionOutput BullyElection::take_output() { return std::exchange(output_, {}); }

std::optional<NodeId> BullyElection::preferred() const { return named_; }

} // namespace stos::raft

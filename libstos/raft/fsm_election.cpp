// Who leads: campaigns, votes, terms. Raft paper, sections 5.2 and 5.4.1; thesis,
// sections 3.10, 4.2.2, 4.2.3 and 9.6.

#include "libstos/raft/fsm.hpp"

#include <algorithm>

namespace stos::raft {

void Fsm::run_election() {
  ElectionOutput wanted = election_->take_output();
  for (const auto& [node, message] : wanted.to_send)
    send(node, message);
  // Whatever the module says, a node is loyal as long as its own vote would be refused to others.
  if (wanted.campaign && !leads() && now_ - heard_at_ >= options_.election_ticks)
    campaign(false);
}

bool Fsm::may_campaign() const {
  if (log_.configuration().is_voter(self()))
    return true;
  // A node that is to leave may be needed until that is committed: it may be the only one that has
  // the entry which says so (thesis, section 4.2.2).
  const LogIndex changed = log_.configuration_index();
  return changed > commit_ && log_.configuration_at(changed.previous()).is_voter(self());
}

void Fsm::campaign(bool forced) {
  if (may_campaign())
    ask_for_votes(!forced, forced);
}

void Fsm::ask_for_votes(bool pre, bool forced) {
  leader_ = NodeId::none();
  role_ = pre ? Role::pre_candidate : Role::candidate;
  if (!pre) {
    hard_state_.term = term().next();
    hard_state_.vote = self();
  }
  votes_ = {{self(), true}};
  for (const NodeId node : log_.configuration().members())
    if (node != self() && log_.configuration().is_voter(node))
      send(node, VoteRequest{pre, forced, log_.last()});
  count_votes();
}

void Fsm::count_votes() {
  const auto voted = [this](bool granted) {
    return log_.configuration().has_quorum([&](NodeId node) {
      const auto vote = votes_.find(node);
      return vote != votes_.end() && vote->second == granted;
    });
  };
  if (voted(true)) {
    if (role_ == Role::pre_candidate)
      ask_for_votes(false, false);
    else
      lead();
  } else if (voted(false)) {
    follow(term(), NodeId::none());
  }
}

void Fsm::lead() {
  role_ = Role::leader;
  leader_ = self();
  leading_.emplace(Leader{{}, Rounds(now_), {}, 0, 1, {}, 0, now_, false, false});
  leading_->first_of_term = append_own(EntryKind::first_of_term, {}).index;
  look_at_members();
  election_->leader_heard(self());
}

void Fsm::follow(Term newer, NodeId leader) {
  if (leads()) {
    for (const WaitingRead& read : leading_->rounds.take_all())
      answer_read(read, std::nullopt);
    leading_.reset();
  }
  if (newer > term()) {
    hard_state_.term = newer;
    hard_state_.vote = NodeId::none();
  }
  role_ = Role::follower;
  leader_ = leader;
  votes_.clear();
}

bool Fsm::is_loyal_to_other_than(NodeId candidate) const {
  if (leads())
    return now_ - leading_->rounds.supported_at() < options_.election_ticks;
  // A leader that asks for votes has resigned.
  return now_ - heard_at_ < options_.election_ticks && candidate != heard_leader_;
}

bool Fsm::has_all_of(EntryId last) const { return last >= log_.last(); }

void Fsm::handle(const Message& message, const VoteRequest& request) {
  const NodeId candidate = message.from;
  const bool free = request.forced || !is_loyal_to_other_than(candidate);
  if (request.pre) {
    send(candidate, VoteReply{true, free && has_all_of(request.last)});
    return;
  }
  const bool may_vote = hard_state_.vote == candidate || (!hard_state_.vote && !leader_ && free);
  const bool granted = may_vote && has_all_of(request.last);
  if (granted && !hard_state_.vote) {
    hard_state_.vote = candidate;
    election_->vote_given();
  }
  send(candidate, VoteReply{false, granted});
}

void Fsm::handle(const Message& message, const VoteReply& reply) {
  const Role wanted = reply.pre ? Role::pre_candidate : Role::candidate;
  if (role_ != wanted)
    return;
  votes_.emplace(message.from, reply.granted);
  count_votes();
}

void Fsm::handle(const Message& message, const TimeoutNow& /*order*/) {
  if (message.from == leader_ && log_.configuration().is_voter(self()))
    campaign(true);
}

} // namespace stos::raft

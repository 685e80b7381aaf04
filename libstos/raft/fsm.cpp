#include "libstos/raft/fsm.hpp"

#include "libstos/base/assert.hpp"

namespace stos::raft {

Fsm::Fsm(Options options, Recovered recovered)
    : options_(options), log_(recovered), election_(make_election(options)),
      hard_state_(recovered.hard_state), written_(hard_state_), commit_(log_.snapshot_index()),
      applied_(commit_) {
  STOS_ASSERT(check(options_), check(options_).error().context);
}

Recovered Fsm::first_state(Configuration configuration) {
  STOS_ASSERT(configuration.is_valid(), configuration.to_string());
  Recovered state;
  state.snapshot =
      std::make_shared<const Snapshot>(Snapshot{EntryId{}, std::move(configuration), {}});
  return state;
}

void Fsm::send(NodeId to, Body body) { to_send_.push_back({self(), to, term(), std::move(body)}); }

std::string Fsm::leader_text() const {
  return leader_ ? "node " + to_string(leader_) + " leads" : "no leader is known";
}

void Fsm::fail(std::string what) {
  failure_ = Error{Errc::io_error, std::move(what)};
  to_send_.clear();
  read_results_.clear();
  leading_.reset();
  role_ = Role::follower;
}

// ---- inputs
// ----------------------------------------------------------------------------------------

void Fsm::tick() {
  if (failure_ || asleep_)
    return;
  ++now_;
  if (leads())
    election_->leader_heard(self());
  election_->tick({log_.configuration(), may_campaign()});
  run_election();
  if (leads())
    lead_on_tick();
}

void Fsm::step(const Message& message) {
  if (failure_ || message.to != self() || message.from == self())
    return;
  if (asleep_ && leads() && message.term == term() &&
      std::holds_alternative<HeartbeatReply>(message.body))
    return; // a late answer to what it has said before it fell asleep
  wake();
  if (const auto* election = std::get_if<ElectionMessage>(&message.body)) {
    handle(message, *election); // it says nothing about terms
    return;
  }
  if (message.term < term()) {
    answer_old(message);
    return;
  }
  if (message.term > term()) {
    const auto* request = std::get_if<VoteRequest>(&message.body);
    if (request != nullptr && !request->forced && is_loyal_to_other_than(message.from))
      return;
    follow(message.term, NodeId::none());
  }
  std::visit([&](const auto& body) { handle(message, body); }, message.body);
}

Result<EntryId> Fsm::propose(std::vector<std::byte> command) {
  if (!leads())
    return Error{Errc::not_leader, leader_text()};
  const std::size_t bytes = entry_overhead_bytes + command.size();
  const Limits& limits = options_.limits;
  if (command.size() > limits.command_bytes_max)
    return Error{Errc::bad_argument, "a command of " + std::to_string(command.size()) +
                                         " bytes, the limit is " +
                                         std::to_string(limits.command_bytes_max)};
  if (leading_->hands_over_to)
    return Error{Errc::try_later, "the lead goes to node " + to_string(leading_->hands_over_to)};
  if (leading_->resigns)
    return Error{Errc::not_leader, "this node is no member any more"};
  if (leading_->uncommitted_bytes > 0 &&
      leading_->uncommitted_bytes + bytes > limits.uncommitted_bytes_max)
    return Error{Errc::try_later, std::to_string(leading_->uncommitted_bytes) +
                                      " bytes are not committed yet, the limit is " +
                                      std::to_string(limits.uncommitted_bytes_max)};
  wake();
  return append_own(EntryKind::command, std::move(command));
}

Result<EntryId> Fsm::change_members(std::vector<NodeId> voters, std::vector<NodeId> learners) {
  if (!leads())
    return Error{Errc::not_leader, leader_text()};
  Configuration next{in_order(std::move(voters)), {}, in_order(std::move(learners))};
  if (!next.is_valid())
    return Error{Errc::bad_argument,
                 "a group of " + next.to_string() + ": wanted a voter, and each node in one list"};
  if (!knows_commit())
    return Error{Errc::try_later, "nothing of this leader's own term is committed yet"};
  const Configuration& current = log_.configuration();
  if (log_.configuration_index() > commit_ || current.is_joint())
    return Error{Errc::try_later, "the change to " + current.to_string() + " is under way"};
  if (leading_->hands_over_to)
    return Error{Errc::try_later, "the lead goes to node " + to_string(leading_->hands_over_to)};
  if (next.voters != current.voters)
    next.outgoing = current.voters;
  wake();
  BytesWriter out;
  write(next, out);
  return append_own(EntryKind::configuration, out.take());
}

Result<void> Fsm::hand_over(NodeId to) {
  if (!leads())
    return Error{Errc::not_leader, leader_text()};
  const auto found = leading_->followers.find(to);
  if (found == leading_->followers.end() || !log_.configuration().is_voter(to))
    return Error{Errc::bad_argument, "node " + to_string(to) + " is no other voter of " +
                                         log_.configuration().to_string()};
  if (leading_->hands_over_to)
    return Error{Errc::try_later, "the lead goes to node " + to_string(leading_->hands_over_to)};
  wake();
  leading_->hands_over_to = to;
  leading_->hands_over_until = now_ + options_.election_ticks;
  hand_over_if_complete(to, found->second);
  return {};
}

Result<void> Fsm::read(std::uint64_t id, ReadMode mode) {
  if (!leads()) {
    if (!leader_)
      return Error{Errc::not_leader, leader_text()};
    wake();
    send(leader_, ReadRequest{id});
    return {};
  }
  if (leading_->rounds.waiting() >= options_.limits.reads_max)
    return Error{Errc::try_later,
                 std::to_string(leading_->rounds.waiting()) + " reads wait to be confirmed"};
  if (mode == ReadMode::lease && has_lease()) {
    read_results_.push_back({id, commit_});
    return {};
  }
  wake();
  leading_->rounds.add({self(), id});
  return {};
}

Result<void> Fsm::compact(LogIndex index, std::vector<std::byte> data) {
  if (index > applied_)
    return Error{Errc::bad_argument, "a snapshot up to entry " + to_string(index) +
                                         ", but only those up to " + to_string(applied_) +
                                         " were given out"};
  if (index <= log_.snapshot_index())
    return Error{Errc::try_later, "there is a snapshot up to entry " +
                                      to_string(log_.snapshot_index()) + " already"};
  if (log_.configuration_at(index).voters.empty())
    return Error{Errc::try_later, "the members as of entry " + to_string(index) +
                                      " are not known here: this node has joined later"};
  Snapshot snapshot{{*log_.term_at(index), index}, log_.configuration_at(index), std::move(data)};
  log_.compact(std::make_shared<const Snapshot>(std::move(snapshot)),
               options_.limits.trailing_entries);
  return {};
}

// ---- the output
// ------------------------------------------------------------------------------------

Output Fsm::take_output() {
  Output output;
  if (failure_)
    return output;
  if (leads())
    feed_all();
  if (hard_state_ != written_)
    output.to_persist.hard_state = written_ = hard_state_;
  log_.take_unwritten(output.to_persist);
  output.to_send = std::exchange(to_send_, {});
  output.to_apply.snapshot = std::exchange(to_apply_snapshot_, {});
  output.to_apply.entries.reserve(commit_.value - applied_.value);
  while (applied_ < commit_) {
    applied_ = applied_.next();
    output.to_apply.entries.push_back(log_.at(applied_));
  }
  output.to_apply.reads = std::exchange(read_results_, {});
  return output;
}

// ---- sleep
// -----------------------------------------------------------------------------------------

bool Fsm::is_idle(const std::function<bool(NodeId)>& lost) const {
  if (!leads() || failure_ || commit_ != log_.last_index() || applied_ != commit_ ||
      leading_->rounds.waiting() > 0 || leading_->hands_over_to || leading_->resigns)
    return false;
  const std::optional<NodeId> preferred = election_->preferred();
  for (const auto& [node, progress] : leading_->followers) {
    if (lost(node))
      continue;
    if (progress.match() != commit_ || progress.told_commit != commit_ || node == preferred)
      return false;
  }
  return true;
}

void Fsm::sleep() {
  for (const auto& [node, progress] : leading_->followers)
    send_heartbeat(node, progress, true);
  asleep_ = true;
}

void Fsm::wake() {
  if (!asleep_)
    return;
  asleep_ = false;
  // No time has passed here meanwhile, but elsewhere it has.
  heard_at_ = now_;
  if (leads()) {
    leading_->rounds.restart(now_);
    leading_->to_next_heartbeat = 1;
  } else if (leader_) {
    election_->leader_heard(leader_);
  }
}

std::optional<std::uint64_t> Fsm::lag_of(NodeId member) const {
  if (!leading_)
    return std::nullopt;
  if (member == self())
    return 0;
  const auto at = leading_->followers.find(member);
  if (at == leading_->followers.end())
    return std::nullopt;
  return log_.last_index().value - at->second.match().value;
}

Status Fsm::status() const {
  return {role_,
          term(),
          leader_,
          commit_,
          log_.last(),
          log_.snapshot_index(),
          log_.configuration(),
          log_.configuration_index()};
}

} // namespace stos::raft

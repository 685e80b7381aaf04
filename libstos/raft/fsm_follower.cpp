// What a follower does with what its leader says. Raft paper, sections 5.3 and 7.

#include "libstos/raft/fsm.hpp"

#include <algorithm>

namespace stos::raft {

void Fsm::answer_old(const Message& message) {
  // A leader of an older term hears of the newer one, and resigns; so does a candidate.
  if (std::holds_alternative<Append>(message.body) ||
      std::holds_alternative<Heartbeat>(message.body) ||
      std::holds_alternative<SnapshotPiece>(message.body))
    send(message.from, HeartbeatReply{});
  else if (const auto* request = std::get_if<VoteRequest>(&message.body))
    send(message.from, VoteReply{request->pre, false});
}

bool Fsm::accept_leader(const Message& message) {
  if (leads() || (leader_ && leader_ != message.from)) {
    fail("node " + to_string(message.from) + " leads in term " + to_string(term()) +
         ", in which node " + to_string(leader_) +
         " leads: the nodes are no group, or one has forgotten what it had written");
    return false;
  }
  if (leader_ != message.from || role_ != Role::follower)
    follow(term(), message.from);
  heard_at_ = now_;
  heard_leader_ = message.from;
  election_->leader_heard(message.from);
  return true;
}

void Fsm::handle(const Message& message, const Append& append) {
  if (!accept_leader(message))
    return;
  const EntryId previous = append.previous;
  if (previous.index < commit_) { // this is old, or the leader does not know yet
    send(message.from, AppendReply{commit_, false, {}, append.round});
    return;
  }
  if (!log_.has(previous)) {
    const LogIndex hint = log_.last_with_term_up_to(previous.term, previous.index);
    send(message.from,
         AppendReply{
             previous.index, true, {log_.term_at(hint).value_or(Term{}), hint}, append.round});
    return;
  }
  const std::span<const EntryPtr> news = log_.news(append.entries);
  if (!news.empty() && news.front()->index <= commit_) {
    fail("node " + to_string(message.from) + " has another entry " +
         to_string(news.front()->index) + " than the one that is committed here, up to " +
         to_string(commit_) + ": one of the two has lost what it had written");
    return;
  }
  for (const EntryPtr& entry : news)
    log_.append(entry);
  const LogIndex last{previous.index.value + append.entries.size()};
  commit_to(std::min(append.commit, last));
  send(message.from, AppendReply{last, false, {}, append.round});
}

void Fsm::handle(const Message& message, const Heartbeat& heartbeat) {
  if (!accept_leader(message))
    return;
  if (heartbeat.acknowledged > log_.last_index()) {
    fail("this node has acknowledged all entries up to " + to_string(heartbeat.acknowledged) +
         ", and has none behind " + to_string(log_.last_index()) +
         ": its disk has lost what it said it had written; remove the node, and let it join anew "
         "with an empty log");
    return;
  }
  commit_to(std::min(heartbeat.commit, heartbeat.acknowledged));
  if (!heartbeat.sleep)
    send(message.from, HeartbeatReply{heartbeat.round});
  else if (commit_ == log_.last_index())
    asleep_ = true;
}

void Fsm::commit_to(LogIndex index) { commit_ = std::max(commit_, index); }

void Fsm::handle(const Message& message, const SnapshotPiece& piece) {
  if (!accept_leader(message))
    return;
  const LogIndex last = piece.last.index;
  if (last <= commit_) { // entries were faster
    send(message.from, AppendReply{commit_, false, {}, piece.round});
    return;
  }
  if (piece.size > options_.limits.snapshot_bytes_max) {
    fail("node " + to_string(message.from) + " sends a snapshot of " + std::to_string(piece.size) +
         " bytes, the limit is " + std::to_string(options_.limits.snapshot_bytes_max));
    return;
  }
  if (!arriving_ || arriving_->of_leader != term() || arriving_->snapshot->last.index < last)
    arriving_ =
        Arriving{term(), std::make_shared<Snapshot>(Snapshot{piece.last, piece.configuration, {}})};
  if (arriving_->snapshot->last != piece.last)
    return; // of an older one
  std::vector<std::byte>& data = arriving_->snapshot->data;
  if (piece.offset == data.size())
    data.insert(data.end(), piece.data.begin(), piece.data.end());
  if (data.size() == piece.size)
    take_in(message.from, piece.round);
  else
    send(message.from, SnapshotReply{last, data.size(), piece.round});
}

void Fsm::take_in(NodeId leader, std::uint64_t round) {
  const SnapshotPtr snapshot = arriving_->snapshot;
  arriving_.reset();
  const EntryId last = snapshot->last;
  commit_to(last.index);
  if (!log_.has(last)) {
    log_.restore(snapshot);
    applied_ = last.index;
    to_apply_snapshot_ = snapshot;
  }
  send(leader, AppendReply{last.index, false, {}, round});
}

void Fsm::handle(const Message& /*message*/, const ReadReply& reply) {
  read_results_.push_back({reply.id, reply.index});
}

} // namespace stos::raft

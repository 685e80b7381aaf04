// What a leader does: entries, commitment, members, reads. Raft paper, sections 5.3, 5.4.2 and 6;
// thesis, sections 3.10, 4.3, 6.2 and 6.4.

#include "libstos/base/assert.hpp"
#include "libstos/raft/fsm.hpp"

#include <algorithm>

namespace stos::raft {

// ---- what followers answer
// -------------------------------------------------------------------------

Progress* Fsm::follower(NodeId node, std::uint64_t round) {
  if (!leads())
    return nullptr;
  const auto found = leading_->followers.find(node);
  if (found == leading_->followers.end() || round > leading_->rounds.current())
    return nullptr;
  Progress& progress = found->second;
  if (round > progress.acked_round) {
    progress.acked_round = round;
    leading_->rounds.confirmed(log_.configuration().agreed([this](NodeId of) {
      if (of == self())
        return leading_->rounds.current();
      const auto at = leading_->followers.find(of);
      return at == leading_->followers.end() ? 0 : at->second.acked_round;
    }));
  }
  return &progress;
}

void Fsm::handle(const Message& message, const AppendReply& reply) {
  Progress* const progress = follower(message.from, reply.round);
  if (progress == nullptr || reply.index > log_.last_index())
    return;
  if (reply.rejected) {
    progress->rejected(reply.index, log_.last_with_term_up_to(reply.hint.term, reply.hint.index));
    return;
  }
  if (progress->accepted(reply.index))
    advance_commit();
  if (leads() && leading_->hands_over_to == message.from)
    hand_over_if_complete(message.from, *progress);
}

void Fsm::handle(const Message& message, const HeartbeatReply& reply) {
  if (Progress* const progress = follower(message.from, reply.round))
    progress->heartbeat_answered(log_.last_index());
}

void Fsm::handle(const Message& message, const SnapshotReply& reply) {
  if (Progress* const progress = follower(message.from, reply.round))
    progress->piece_accepted(reply.index, reply.offset);
}

// ---- entries
// ---------------------------------------------------------------------------------------

EntryId Fsm::append_own(EntryKind kind, std::vector<std::byte> data) {
  auto entry = std::make_shared<Entry>();
  entry->term = term();
  entry->index = log_.last_index().next();
  entry->kind = kind;
  entry->data = std::move(data);
  const EntryId id = entry->id();
  leading_->uncommitted_bytes += bytes_of(*entry);
  log_.append(std::move(entry));
  if (kind == EntryKind::configuration)
    look_at_members();
  return id;
}

void Fsm::look_at_members() {
  const std::vector<NodeId> members = log_.configuration().members();
  for (const NodeId node : members)
    if (node != self())
      leading_->followers.try_emplace(node, log_.last_index().next());
  for (auto& [node, progress] : leading_->followers)
    progress.leaving = !log_.configuration().contains(node);
}

void Fsm::advance_commit() {
  const LogIndex agreed = log_.configuration().agreed([this](NodeId node) {
    // What this node has appended is written before anything is said or applied.
    if (node == self())
      return log_.last_index();
    const auto at = leading_->followers.find(node);
    return at == leading_->followers.end() ? LogIndex{} : at->second.match();
  });
  // An entry of an older term that a majority has can still be lost (Raft paper, figure 8): it is
  // committed by one of the own term behind it.
  if (agreed <= commit_ || log_.term_at(agreed) != term())
    return;
  for (LogIndex index = commit_.next(); index <= agreed; index = index.next())
    if (index >= leading_->first_of_term)
      leading_->uncommitted_bytes -= bytes_of(*log_.at(index));
  commit_to(agreed);
  conclude_change();
}

void Fsm::conclude_change() {
  if (log_.configuration_index() > commit_)
    return;
  if (log_.configuration().is_joint()) {
    BytesWriter out;
    write(log_.configuration().left(), out);
    append_own(EntryKind::configuration, out.take());
  } else if (!log_.configuration().is_voter(self())) {
    leading_->resigns = true;
  }
}

bool Fsm::knows_commit() const { return commit_ >= leading_->first_of_term; }

// ---- what is sent
// ----------------------------------------------------------------------------------

void Fsm::feed_all() {
  // A node that is a majority by itself commits what it appends, also what that leads to.
  LogIndex before;
  do {
    before = commit_;
    advance_commit();
  } while (commit_ != before);
  if (leading_->rounds.wants_round() && knows_commit())
    begin_round();
  for (auto& [node, progress] : leading_->followers)
    feed(node, progress);
  if (log_.configuration_index() <= commit_)
    std::erase_if(leading_->followers, [](const auto& entry) { return entry.second.leaving; });
  answer_reads();
  resign_if_removed();
}

void Fsm::feed(NodeId to, Progress& progress) {
  while (progress.state() != Progress::State::snapshot && feed_append(to, progress)) {
  }
  if (progress.state() == Progress::State::snapshot)
    feed_snapshot(to, progress);
}

/// Returns whether there may be more to send.
bool Fsm::feed_append(NodeId to, Progress& progress) {
  const Limits& limits = options_.limits;
  if (!progress.may_append(limits))
    return false;
  const bool probes = progress.state() == Progress::State::probe;
  if (!probes && progress.next() > log_.last_index() && progress.told_commit >= commit_)
    return false;
  const LogIndex previous = progress.next().previous();
  const std::optional<Term> term_of_previous = log_.term_at(previous);
  if (!term_of_previous) {
    progress.begin_snapshot(log_.snapshot());
    return false;
  }
  Append append{{*term_of_previous, previous},
                commit_,
                leading_->rounds.current(),
                log_.from(progress.next(), limits.append_entries_max, limits.append_bytes_max)};
  std::size_t bytes = 0;
  for (const EntryPtr& entry : append.entries)
    bytes += bytes_of(*entry);
  progress.appended({previous.value + append.entries.size()}, append.entries.size(), bytes);
  progress.told_commit = commit_;
  send(to, std::move(append));
  return !probes;
}

void Fsm::feed_snapshot(NodeId to, Progress& progress) {
  const Snapshot& snapshot = *progress.snapshot();
  while (progress.may_send_piece(options_.limits)) {
    const std::uint64_t offset = progress.piece_offset();
    const std::uint64_t end = std::min<std::uint64_t>(offset + options_.limits.snapshot_piece_bytes,
                                                      snapshot.data.size());
    const auto at = snapshot.data.begin() + static_cast<std::ptrdiff_t>(offset);
    send(to, SnapshotPiece{snapshot.last,
                           snapshot.configuration,
                           snapshot.data.size(),
                           offset,
                           leading_->rounds.current(),
                           {at, at + static_cast<std::ptrdiff_t>(end - offset)}});
    progress.piece_sent(end);
  }
}

void Fsm::send_heartbeat(NodeId to, const Progress& progress, bool sleep) {
  send(to, Heartbeat{commit_, progress.match(), leading_->rounds.current(), sleep});
}

void Fsm::begin_round() {
  leading_->rounds.begin(now_);
  leading_->to_next_heartbeat = options_.heartbeat_ticks;
  for (const auto& [node, progress] : leading_->followers)
    send_heartbeat(node, progress, false);
  if (log_.configuration().has_quorum([this](NodeId node) { return node == self(); }))
    leading_->rounds.confirmed(leading_->rounds.current());
}

// ---- time
// ------------------------------------------------------------------------------------------

void Fsm::lead_on_tick() {
  Leader& own = *leading_;
  if (--own.to_next_heartbeat == 0)
    begin_round();
  if (now_ - own.rounds.supported_at() >= options_.election_ticks) {
    follow(term(), NodeId::none()); // another node may lead by now
    return;
  }
  if (own.hands_over_to && now_ >= own.hands_over_until)
    own.hands_over_to = NodeId::none();
  hand_over_to_preferred();
}

// ---- handing over
// ----------------------------------------------------------------------------------

void Fsm::hand_over_to_preferred() {
  constexpr std::uint64_t rounds_without_answer_max = 3;
  constexpr std::uint64_t entries_behind_max = 1'000;
  constexpr std::uint64_t timeouts_between = 4;
  const std::optional<NodeId> preferred = election_->preferred();
  if (!preferred || *preferred == self() || now_ < leading_->prefers_from)
    return;
  const auto found = leading_->followers.find(*preferred);
  if (found == leading_->followers.end() || !log_.configuration().is_voter(*preferred))
    return;
  // Nothing is proposed meanwhile, so it has to be quick.
  const Progress& progress = found->second;
  if (progress.state() != Progress::State::replicate ||
      progress.match().value + entries_behind_max < log_.last_index().value ||
      progress.acked_round + rounds_without_answer_max < leading_->rounds.current())
    return;
  leading_->prefers_from = now_ + timeouts_between * options_.election_ticks;
  static_cast<void>(hand_over(*preferred)); // or it is being handed over already
}

void Fsm::hand_over_if_complete(NodeId to, const Progress& progress) {
  if (progress.match() != log_.last_index())
    return;
  leading_->gave_up_lease = true;
  send(to, TimeoutNow{});
}

void Fsm::resign_if_removed() {
  if (!leading_->resigns)
    return;
  // The member that knows most need not wait until it misses a leader.
  const auto& followers = leading_->followers;
  const auto best =
      std::max_element(followers.begin(), followers.end(), [this](const auto& a, const auto& b) {
        const Configuration& configuration = log_.configuration();
        return std::pair(configuration.is_voter(a.first), a.second.match()) <
               std::pair(configuration.is_voter(b.first), b.second.match());
      });
  if (best != followers.end())
    hand_over_if_complete(best->first, best->second);
  follow(term(), NodeId::none());
}

// ---- reads
// -----------------------------------------------------------------------------------------

void Fsm::handle(const Message& message, const ReadRequest& request) {
  if (leads() && leading_->rounds.waiting() < options_.limits.reads_max)
    leading_->rounds.add({message.from, request.id});
  else
    send(message.from, ReadReply{request.id, std::nullopt});
}

bool Fsm::has_lease() const {
  const std::optional<std::uint64_t> from = leading_->rounds.confirmed_at();
  return from && now_ - *from < options_.lease_ticks && !leading_->gave_up_lease && !asleep_ &&
         knows_commit();
}

void Fsm::answer_reads() {
  if (!knows_commit())
    return;
  for (const WaitingRead& read : leading_->rounds.take_confirmed())
    answer_read(read, commit_);
}

void Fsm::answer_read(WaitingRead read, std::optional<LogIndex> index) {
  if (read.from == self())
    read_results_.push_back({read.id, index});
  else
    send(read.from, ReadReply{read.id, index});
}

void Fsm::handle(const Message& message, const ElectionMessage& election) {
  election_->hear(message.from, election, {log_.configuration(), may_campaign()});
  run_election();
}

} // namespace stos::raft

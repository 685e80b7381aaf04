#include "libstos/service/keyed/replica.hpp"

namespace stos::keyed {

void Replica::propose(std::vector<std::byte> item, Waiter waiter) {
  items_.emplace_back(std::move(item), waiter);
}

void Replica::ask(std::vector<std::byte> question, Waiter waiter) {
  questions_.emplace_back(std::move(question), waiter);
}

void Replica::reply(Waiter to, Answer answer, Output& output) {
  if (to.from)
    output.replies.push_back({to.from, Reply{to.number, std::move(answer), to.caller}});
}

void Replica::refuse(const std::vector<Asked>& asked, const Answer& answer, Output& output) {
  for (const auto& [bytes, waiter] : asked)
    reply(waiter, answer, output);
}

void Replica::flush(raft::Fsm& fsm, Time now, Output& output) {
  if (!items_.empty())
    flush_items(fsm, now, output);
  if (!questions_.empty())
    flush_questions(fsm, output);
}

void Replica::flush_items(raft::Fsm& fsm, Time now, Output& output) {
  const std::vector<Asked> items = std::exchange(items_, {});
  for (std::size_t at = 0; at < items.size();) {
    BytesWriter entry;
    entry.varint(now.ms);
    const std::size_t first = at;
    std::vector<Waiter> waiters;
    for (; at < items.size() && at - first < items_max &&
           (at == first || entry.size() + items[at].first.size() < bytes_max);
         ++at) {
      entry.varint(items[at].first.size());
      entry.raw(items[at].first);
      waiters.push_back(items[at].second);
    }
    const Result<raft::EntryId> id = fsm.propose(entry.take());
    if (id) {
      proposals_[*id] = std::move(waiters);
      continue;
    }
    Answer refusal = Answer::refused(Outcome::bad_request, 0, id.error().context);
    if (id.error().code == Errc::not_leader)
      refusal = Answer::refused(Outcome::not_leader, fsm.leader().value);
    else if (id.error().code == Errc::try_later)
      refusal = Answer::refused(Outcome::try_later, 0, id.error().context);
    for (const Waiter waiter : waiters)
      reply(waiter, refusal, output);
  }
}

void Replica::flush_questions(raft::Fsm& fsm, Output& output) {
  std::vector<Asked> questions = std::exchange(questions_, {});
  const std::uint64_t id = ++last_read_;
  if (fsm.leads() && fsm.read(id, raft::ReadMode::lease))
    reads_[id].questions = std::move(questions);
  else
    refuse(questions, Answer::refused(Outcome::not_leader, fsm.leads() ? 0 : fsm.leader().value),
           output);
}

void Replica::refresh(raft::Fsm& fsm) {
  constexpr std::uint64_t patience = 50; // calls
  if (reads_.contains(refresh_) && ++refreshes_ < patience)
    return;
  reads_.erase(refresh_);
  refreshes_ = 0;
  refresh_ = ++last_read_;
  if (fsm.read(refresh_))
    reads_[refresh_];
}

Result<void> Replica::apply(const raft::Apply& what, raft::Fsm& fsm, Output& output) {
  if (what.snapshot) {
    if (Result<void> restored = machine_->restore(what.snapshot->data); !restored)
      return restored;
    applied_ = what.snapshot->last.index;
    lose_proposals_up_to(applied_, output);
  }
  for (const raft::EntryPtr& entry : what.entries)
    apply(*entry, fsm, output);
  for (const raft::ReadResult& read : what.reads) {
    const auto at = reads_.find(read.id);
    if (at == reads_.end())
      continue;
    at->second.needs = read.index;
    if (!read.index) {
      refuse(at->second.questions, Answer::refused(Outcome::not_leader, 0), output);
      reads_.erase(at);
    }
  }
  answer_reads(output);
  return {};
}

void Replica::apply(const raft::Entry& entry, raft::Fsm& fsm, Output& output) {
  applied_ = entry.index;
  std::vector<Waiter> waiters;
  if (const auto at = proposals_.find(entry.id()); at != proposals_.end()) {
    waiters = std::move(at->second);
    proposals_.erase(at);
  }
  // Another entry stands where ours should: it was lost with the lead, and is never done.
  for (auto at = proposals_.begin(); at != proposals_.end() && at->first.term < entry.term;) {
    if (at->first.index != entry.index) {
      ++at;
      continue;
    }
    for (const Waiter waiter : at->second)
      reply(waiter, Answer::refused(Outcome::not_leader, 0), output);
    at = proposals_.erase(at);
  }
  if (entry.kind != raft::EntryKind::command)
    return;
  std::vector<Effect>* const effects =
      fsm.leads() && fsm.term() == entry.term ? &output.effects : nullptr;
  BytesReader in(entry.data);
  const Time now{in.varint()};
  for (std::uint32_t item = 0; in.ok() && in.remaining() > 0; ++item) {
    const std::span<const std::byte> bytes = in.raw(in.count(1));
    Answer answer = machine_->apply(bytes, {entry.index, item}, now, effects);
    if (item < waiters.size())
      reply(waiters[item], std::move(answer), output);
  }
}

// Up to there a snapshot has come: what has become of them is not to be known here.
void Replica::lose_proposals_up_to(raft::LogIndex index, Output& output) {
  for (auto at = proposals_.begin(); at != proposals_.end();) {
    if (at->first.index > index) {
      ++at;
      continue;
    }
    for (const Waiter waiter : at->second)
      reply(waiter, Answer::refused(Outcome::timeout), output);
    at = proposals_.erase(at);
  }
}

void Replica::answer_reads(Output& output) {
  for (auto at = reads_.begin(); at != reads_.end();) {
    if (!at->second.needs || *at->second.needs > applied_) {
      ++at;
      continue;
    }
    is_recent_ = is_recent_ || at->first == refresh_;
    for (const auto& [question, waiter] : at->second.questions)
      reply(waiter, machine_->query(question, &output.effects), output);
    at = reads_.erase(at);
  }
}

void Replica::compact(raft::Fsm& fsm, std::uint64_t entries) {
  if (applied_.value >= fsm.log().snapshot_index().value + entries)
    static_cast<void>(fsm.compact(applied_, machine_->snapshot()));
}

} // namespace stos::keyed

#include "libstos/raft/log.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>

namespace stos::raft {

Log::Log(Recovered recovered) : snapshot_(std::move(recovered.snapshot)) {
  if (snapshot_)
    base_ = snapshot_->last;
  configurations_.emplace_back(base_.index, snapshot_ ? snapshot_->configuration : Configuration{});
  for (EntryPtr& entry : recovered.entries)
    append(std::move(entry));
  unwritten_ = last_index().next();
}

EntryId Log::last() const { return entries_.empty() ? base_ : entries_.back()->id(); }

LogIndex Log::snapshot_index() const { return snapshot_ ? snapshot_->last.index : LogIndex{}; }

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index == base_.index)
    return base_.term;
  if (index < base_.index || index > last_index())
    return std::nullopt;
  return at(index)->term;
}

const EntryPtr& Log::at(LogIndex index) const {
  STOS_ASSERT(index > base_.index && index <= last_index(), to_string(index));
  return entries_[index.value - base_.index.value - 1];
}

LogIndex Log::last_with_term_up_to(Term term, LogIndex index) const {
  index = std::min(index, last_index());
  while (index > base_.index && at(index)->term > term)
    index = index.previous();
  return index;
}

std::vector<EntryPtr> Log::from(LogIndex from, std::size_t entries_max,
                                std::size_t bytes_max) const {
  std::vector<EntryPtr> slice;
  if (from > last_index())
    return slice;
  slice.reserve(std::min<std::size_t>(entries_max, last_index().value - from.value + 1));
  std::size_t bytes = 0;
  for (LogIndex index = from; index <= last_index() && slice.size() < entries_max;
       index = index.next()) {
    const EntryPtr& entry = at(index);
    bytes += bytes_of(*entry);
    if (bytes > bytes_max && !slice.empty())
      break;
    slice.push_back(entry);
  }
  return slice;
}

std::span<const EntryPtr> Log::news(std::span<const EntryPtr> entries) const {
  std::size_t known = 0;
  while (known < entries.size() &&
         (entries[known]->index <= base_.index || has(entries[known]->id())))
    ++known;
  return entries.subspan(known);
}

void Log::append(EntryPtr entry) {
  const LogIndex index = entry->index;
  STOS_ASSERT(index > base_.index && index > snapshot_index() && index <= last_index().next(),
              to_string(index) + " behind " + to_string(last_index()));
  if (index <= last_index()) {
    entries_.resize(index.value - base_.index.value - 1);
    forget_configurations_from(index);
  }
  unwritten_ = std::min(unwritten_, index);
  if (entry->kind == EntryKind::configuration)
    note_configuration(*entry);
  entries_.push_back(std::move(entry));
}

void Log::note_configuration(const Entry& entry) {
  BytesReader in(entry.data);
  Configuration configuration = read_configuration(in);
  STOS_ASSERT(in.ok(), "entry " + to_string(entry.index) + " is no configuration");
  configurations_.emplace_back(entry.index, std::move(configuration));
}

void Log::forget_configurations_from(LogIndex index) {
  while (configurations_.back().first >= index)
    configurations_.pop_back();
}

const Configuration& Log::configuration_at(LogIndex index) const {
  auto at = configurations_.end() - 1;
  while (at != configurations_.begin() && at->first > index)
    --at;
  return at->second;
}

void Log::compact(SnapshotPtr snapshot, std::uint64_t trailing) {
  const EntryId last = snapshot->last;
  STOS_ASSERT(has(last), to_string(last.index));
  snapshot_ = std::move(snapshot);
  new_snapshot_ = true;
  while (!entries_.empty() && entries_.front()->index.value + trailing <= last.index.value) {
    base_ = entries_.front()->id();
    entries_.pop_front();
  }
  unwritten_ = std::max(unwritten_, last.index.next());
  keep_configurations_from(last.index);
}

void Log::keep_configurations_from(LogIndex index) {
  while (configurations_.size() > 1 && configurations_[1].first <= index)
    configurations_.erase(configurations_.begin());
}

void Log::restore(SnapshotPtr snapshot) {
  snapshot_ = std::move(snapshot);
  new_snapshot_ = true;
  base_ = snapshot_->last;
  entries_.clear();
  configurations_.assign(1, {base_.index, snapshot_->configuration});
  unwritten_ = base_.index.next();
}

void Log::take_unwritten(Persist& persist) {
  if (new_snapshot_)
    persist.snapshot = snapshot_;
  new_snapshot_ = false;
  if (unwritten_ > last_index())
    return;
  persist.entries.assign(entries_.begin() +
                             static_cast<std::ptrdiff_t>(unwritten_.value - base_.index.value - 1),
                         entries_.end());
  unwritten_ = last_index().next();
}

} // namespace stos::raft

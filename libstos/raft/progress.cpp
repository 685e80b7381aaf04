#include "libstos/raft/progress.hpp"

#include <algorithm>
#include <utility>

namespace stos::raft {

bool Progress::may_append(const Limits& limits) const {
  switch (state_) {
    case State::probe: return !probing_;
    case State::replicate:
      return in_flight_.size() < limits.appends_in_flight_max &&
             bytes_in_flight_ < limits.bytes_in_flight_max;
    case State::snapshot: return false;
  }
  return false;
}

void Progress::appended(LogIndex last, std::size_t entries, std::size_t bytes) {
  if (state_ == State::probe) {
    probing_ = true;
    return;
  }
  if (entries == 0)
    return;
  next_ = last.next();
  in_flight_.emplace_back(last, bytes);
  bytes_in_flight_ += bytes;
}

bool Progress::accepted(LogIndex index) {
  const bool news = index > match_;
  if (news) {
    match_ = index;
    progress_ = true;
  }
  next_ = std::max(next_, index.next());
  free_up_to(index);
  if (state_ == State::probe && (news || index.next() == next_)) {
    state_ = State::replicate;
    next_ = match_.next();
    probing_ = false;
  }
  if (state_ == State::snapshot && match_ >= snapshot_->last.index)
    probe_from(match_.next());
  return news;
}

bool Progress::rejected(LogIndex index, LogIndex hint) {
  if (state_ == State::snapshot || index <= match_)
    return false;
  if (state_ == State::replicate) {
    probe_from(match_.next());
    return true;
  }
  if (index.next() != next_)
    return false;
  probe_from(std::max(match_.next(), std::min(index, hint.next())));
  return true;
}

void Progress::probe_from(LogIndex next) {
  state_ = State::probe;
  next_ = next;
  probing_ = false;
  in_flight_.clear();
  bytes_in_flight_ = 0;
  snapshot_.reset();
}

void Progress::free_up_to(LogIndex index) {
  while (!in_flight_.empty() && in_flight_.front().first <= index) {
    bytes_in_flight_ -= in_flight_.front().second;
    in_flight_.pop_front();
  }
}

void Progress::begin_snapshot(SnapshotPtr snapshot) {
  probe_from(snapshot->last.index.next());
  state_ = State::snapshot;
  snapshot_ = std::move(snapshot);
  piece_sent_ = piece_acked_ = 0;
  first_piece_sent_ = false;
}

bool Progress::may_send_piece(const Limits& limits) const {
  if (!first_piece_sent_)
    return true;
  return piece_sent_ < snapshot_->data.size() &&
         piece_sent_ - piece_acked_ <
             limits.snapshot_piece_bytes * limits.snapshot_pieces_in_flight;
}

void Progress::piece_sent(std::uint64_t end) {
  piece_sent_ = end;
  first_piece_sent_ = true;
}

void Progress::piece_accepted(LogIndex index, std::uint64_t offset) {
  if (state_ != State::snapshot || snapshot_->last.index != index ||
      offset > snapshot_->data.size())
    return;
  if (offset < piece_acked_) { // it has started anew, or this is old; then pieces are sent twice
    piece_sent_ = piece_acked_ = offset;
    first_piece_sent_ = offset > 0;
    return;
  }
  progress_ = progress_ || offset > piece_acked_;
  piece_acked_ = offset;
  piece_sent_ = std::max(piece_sent_, offset);
}

void Progress::heartbeat_answered(LogIndex last_of_log) {
  switch (state_) {
    case State::probe: probing_ = false; break;
    case State::replicate:
      if (!progress_ && match_ < last_of_log)
        probe_from(match_.next());
      break;
    case State::snapshot:
      if (!progress_) {
        piece_sent_ = piece_acked_;
        first_piece_sent_ = false;
      }
      break;
  }
  progress_ = false;
}

} // namespace stos::raft

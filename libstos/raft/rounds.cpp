#include "libstos/raft/rounds.hpp"

namespace stos::raft {
namespace {

void move_to(std::vector<WaitingRead>& to, std::vector<WaitingRead>& from) {
  to.insert(to.end(), from.begin(), from.end());
  from.clear();
}

} // namespace

void Rounds::begin(std::uint64_t now) {
  ++current_;
  waiting_ += asked_.size();
  open_.push_back({current_, now, std::exchange(asked_, {})});
}

void Rounds::confirmed(std::uint64_t round) {
  while (!open_.empty() && open_.front().number <= round) {
    Round& oldest = open_.front();
    if (oldest.number >= lease_from_) {
      supported_at_ = oldest.began_at;
      confirmed_at_ = oldest.began_at;
    }
    waiting_ -= oldest.reads.size();
    move_to(confirmed_, oldest.reads);
    open_.pop_front();
  }
}

void Rounds::restart(std::uint64_t now) {
  lease_from_ = current_ + 1;
  supported_at_ = now;
  confirmed_at_.reset();
}

std::vector<WaitingRead> Rounds::take_confirmed() { return std::exchange(confirmed_, {}); }

std::vector<WaitingRead> Rounds::take_all() {
  std::vector<WaitingRead> all = take_confirmed();
  for (Round& round : open_)
    move_to(all, round.reads);
  open_.clear();
  move_to(all, asked_);
  waiting_ = 0;
  return all;
}

} // namespace stos::raft

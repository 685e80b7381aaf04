#include "libstos/service/coordination/lock_book.hpp"

#include <algorithm>
#include <limits>

namespace stos::coordination {
namespace {

using Outcome = Answer::Outcome;

Answer granted(std::uint64_t fence) {
  Answer answer;
  answer.fence = fence;
  return answer;
}

Answer refused(Outcome outcome, std::string why) {
  Answer answer;
  answer.outcome = outcome;
  answer.why = std::move(why);
  return answer;
}

} // namespace

std::optional<Answer> LockBook::find(const ClaimId& claim) const {
  const auto name = claims_.find(claim);
  if (name == claims_.end())
    return std::nullopt;
  const std::vector<Claim>& holders = locks_.at(name->second).holders;
  const auto own = std::ranges::find(holders, claim, &Claim::id);
  return own == holders.end() ? refused(Outcome::waiting, {}) : granted(own->fence);
}

Answer LockBook::acquire(const ClaimId& claim, const Request& request, std::uint64_t now_ms) {
  const auto first = claims_.lower_bound({claim.session, 0});
  const auto last = claims_.upper_bound({claim.session, std::numeric_limits<std::uint64_t>::max()});
  if (static_cast<std::size_t>(std::distance(first, last)) >= claims_of_session_max)
    return refused(Outcome::full, "the client has " + std::to_string(claims_of_session_max) +
                                      " locks and places at locks, which is the limit");
  if (claims_.size() >= claims_max)
    return refused(Outcome::full, std::to_string(claims_.size()) +
                                      " locks are held or waited for, which is the limit");
  const auto known = locks_.find(request.name);
  if (known != locks_.end() && known->second.permits != request.permits)
    return refused(Outcome::bad_request,
                   "lock " + request.name + " has " + std::to_string(known->second.permits) +
                       " permits for now, not " + std::to_string(request.permits));
  const bool is_free = known == locks_.end() || (known->second.queue.empty() &&
                                                 known->second.holders.size() < request.permits);
  if (!is_free && request.wait_ms == 0)
    return refused(Outcome::timed_out, "lock " + request.name + " is held");
  Lock& lock = locks_[request.name];
  lock.permits = request.permits;
  claims_[claim] = request.name;
  Claim own{claim, 0, now_ms, std::nullopt};
  if (is_free) {
    grant(lock, std::move(own), now_ms);
    return granted(last_fence_);
  }
  if (request.wait_ms) {
    own.end_ms = now_ms + std::min<std::uint64_t>(*request.wait_ms, std::uint64_t{1} << 50);
    ends_.emplace(*own.end_ms, claim);
  }
  lock.queue.push_back(std::move(own));
  return refused(Outcome::waiting, {});
}

void LockBook::grant(Lock& lock, Claim claim, std::uint64_t now_ms) {
  if (claim.end_ms)
    ends_.erase({*claim.end_ms, claim.id});
  claim.end_ms.reset();
  claim.fence = ++last_fence_;
  claim.since_ms = now_ms;
  ++held_;
  lock.holders.push_back(std::move(claim));
}

bool LockBook::release(const ClaimId& claim, std::uint64_t now_ms) {
  const auto name = claims_.find(claim);
  if (name == claims_.end())
    return false;
  const auto lock = locks_.find(name->second);
  claims_.erase(name);
  Lock& of = lock->second;
  const auto waits = std::ranges::find(of.queue, claim, &Claim::id);
  if (waits != of.queue.end()) {
    if (waits->end_ms)
      ends_.erase({*waits->end_ms, claim});
    of.queue.erase(waits);
  } else {
    held_ -= std::erase_if(of.holders, [&claim](const Claim& each) { return each.id == claim; });
  }
  while (!of.queue.empty() && of.holders.size() < of.permits) {
    Claim next = std::move(of.queue.front());
    of.queue.pop_front();
    grant(of, std::move(next), now_ms);
  }
  if (of.holders.empty())
    locks_.erase(lock);
  return true;
}

// In the order in which they were asked for.
void LockBook::forget(SessionId session, std::uint64_t now_ms) {
  std::vector<ClaimId> claims;
  for (auto claim = claims_.lower_bound({session, 0});
       claim != claims_.end() && claim->first.session == session; ++claim)
    claims.push_back(claim->first);
  // Places in queues first: what is released is not for the session itself.
  for (const bool of_holders : {false, true})
    for (const ClaimId& claim : claims)
      if (const std::optional<Answer> state = find(claim);
          state && (state->outcome == Outcome::done) == of_holders)
        release(claim, now_ms);
}

std::optional<std::pair<std::uint64_t, ClaimId>> LockBook::first_end() const {
  return ends_.empty() ? std::nullopt : std::optional(*ends_.begin());
}

std::vector<LockStatus> LockBook::statuses(std::uint64_t now_ms) const {
  std::vector<LockStatus> statuses;
  for (const auto& [name, lock] : locks_) {
    LockStatus& status = statuses.emplace_back();
    status.name = name;
    status.permits = lock.permits;
    for (const Claim& claim : lock.holders)
      status.claims.push_back({claim.id.session, {}, claim.fence, now_ms - claim.since_ms, 0});
    for (const Claim& claim : lock.queue)
      status.claims.push_back({claim.id.session, {}, 0, now_ms - claim.since_ms, 0});
  }
  return statuses;
}

void LockBook::write_claim(const Claim& claim, BytesWriter& out) {
  out.u64(claim.id.session.value);
  out.varint(claim.id.sequence);
  out.varint(claim.fence);
  out.varint(claim.since_ms);
  out.varint(claim.end_ms ? *claim.end_ms + 1 : 0);
}

LockBook::Claim LockBook::read_claim(BytesReader& in) {
  Claim claim;
  claim.id.session = {in.u64()};
  claim.id.sequence = in.varint();
  claim.fence = in.varint();
  claim.since_ms = in.varint();
  if (const std::uint64_t end = in.varint(); end > 0)
    claim.end_ms = end - 1;
  return claim;
}

void LockBook::write(BytesWriter& out) const {
  out.varint(last_fence_);
  out.varint(locks_.size());
  for (const auto& [name, lock] : locks_) {
    out.text(name);
    out.varint(lock.permits);
    out.varint(lock.holders.size());
    for (const Claim& claim : lock.holders)
      write_claim(claim, out);
    out.varint(lock.queue.size());
    for (const Claim& claim : lock.queue)
      write_claim(claim, out);
  }
}

LockBook LockBook::read(BytesReader& in) {
  constexpr std::size_t least_bytes = 4;
  constexpr std::size_t least_bytes_of_claim = 12;
  LockBook book;
  book.last_fence_ = in.varint();
  for (std::size_t left = in.count(least_bytes); left > 0 && in.ok(); --left) {
    const std::string name = in.text();
    Lock& lock = book.locks_[name];
    lock.permits = static_cast<std::uint32_t>(in.varint());
    for (std::size_t claims = in.count(least_bytes_of_claim); claims > 0 && in.ok(); --claims)
      lock.holders.push_back(read_claim(in));
    for (std::size_t claims = in.count(least_bytes_of_claim); claims > 0 && in.ok(); --claims)
      lock.queue.push_back(read_claim(in));
    if (lock.holders.empty())
      in.fail();
    for (const Claim& claim : lock.holders)
      book.claims_[claim.id] = name;
    for (const Claim& claim : lock.queue) {
      book.claims_[claim.id] = name;
      if (claim.end_ms)
        book.ends_.emplace(*claim.end_ms, claim.id);
    }
    book.held_ += lock.holders.size();
  }
  return book;
}

} // namespace stos::coordination

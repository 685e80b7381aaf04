#include "libstos/service/keyed/rate_limiter.hpp"

#include <algorithm>

namespace stos::keyed {

// What a bucket lacks is the time until it is full, divided by the time that a token takes.
std::optional<std::uint64_t> RateLimiter::take(const Id& agent, std::uint64_t tokens,
                                               std::uint64_t now_ms) {
  if (limit_.ms_per_token == 0)
    return std::nullopt;
  const auto at = full_at_.find(agent);
  const std::uint64_t full_at = at == full_at_.end() ? now_ms : std::max(at->second, now_ms);
  const std::uint64_t full_then = full_at + tokens * limit_.ms_per_token;
  // What takes more than a full bucket waits for a full one.
  const std::uint64_t room = std::max(limit_.tokens_max, tokens) * limit_.ms_per_token;
  if (full_then > now_ms + room)
    return full_then - now_ms - room;
  if (at != full_at_.end())
    at->second = full_then;
  else if (full_at_.size() < buckets_max)
    full_at_.emplace(agent, full_then);
  if (full_at_.size() >= next_look_)
    forget_full(now_ms);
  return std::nullopt;
}

void RateLimiter::forget_full(std::uint64_t now_ms) {
  std::erase_if(full_at_, [now_ms](const auto& bucket) { return bucket.second <= now_ms; });
  next_look_ = std::max<std::size_t>(1'000, 2 * full_at_.size());
}

} // namespace stos::keyed

#pragma once

#include "libstos/service/keyed/id.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace stos::keyed {

/// Off, if `ms_per_token` is 0.
struct RateLimit {
  std::uint64_t ms_per_token = 0;
  std::uint64_t tokens_max = 30;
};

/// How many commands and queries may leave one node for each agent: a bucket of tokens for each, of
/// which a query takes one and a command three, so that no agent's group has to deal with more than
/// it can. A bucket is full at first, and gets a token each `ms_per_token`.
///
/// Units:   milliseconds of any clock that does not go back.
/// Threads: none inside.
/// Limits:  full buckets are forgotten; with `buckets_max` of others, new agents are let through.
/// Source:  token bucket (Turner, "New directions in communications", 1986).
class RateLimiter {
public:
  static constexpr std::uint64_t query_tokens = 1;
  static constexpr std::uint64_t command_tokens = 3;
  static constexpr std::size_t buckets_max = 1'000'000;

  explicit RateLimiter(RateLimit limit) : limit_(limit) {}

  /// Takes the tokens; or takes none, and says after how many milliseconds they would be there.
  [[nodiscard]] std::optional<std::uint64_t> take(const Id& agent, std::uint64_t tokens,
                                                  std::uint64_t now_ms);

  [[nodiscard]] std::size_t buckets() const { return full_at_.size(); }

private:
  void forget_full(std::uint64_t now_ms);

  RateLimit limit_;
  std::map<Id, std::uint64_t> full_at_; // when each bucket is full again, in milliseconds
  std::size_t next_look_ = 1'000;       // at so many buckets, full ones are forgotten
};

} // namespace stos::keyed

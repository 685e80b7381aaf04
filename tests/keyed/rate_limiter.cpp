#include "libstos/service/keyed/rate_limiter.hpp"

#include <catch2/catch.hpp>

using namespace stos::keyed;

TEST_CASE("a command takes three tokens, a query one, and each agent has its own bucket") {
  RateLimiter limiter({.ms_per_token = 10, .tokens_max = 7});
  const Id a{"q", "t", "a"};
  const Id b{"q", "t", "b"};
  CHECK_FALSE(limiter.take(a, RateLimiter::command_tokens, 1'000));
  CHECK_FALSE(limiter.take(a, RateLimiter::command_tokens, 1'000));
  CHECK_FALSE(limiter.take(a, RateLimiter::query_tokens, 1'000));
  CHECK(limiter.take(a, RateLimiter::query_tokens, 1'000) == 10);
  CHECK(limiter.take(a, RateLimiter::command_tokens, 1'000) == 30);
  CHECK_FALSE(limiter.take(b, RateLimiter::command_tokens, 1'000));
}

TEST_CASE("who comes back after the time that was said is let through, and not before") {
  RateLimiter limiter({.ms_per_token = 10, .tokens_max = 3});
  const Id a{"q", "t", "a"};
  CHECK_FALSE(limiter.take(a, 3, 1'000));
  CHECK(limiter.take(a, 3, 1'000) == 30);
  CHECK(limiter.take(a, 3, 1'029) == 1);
  CHECK_FALSE(limiter.take(a, 3, 1'030));
  CHECK(limiter.take(a, 1, 1'030) == 10); // and a refusal takes nothing
  CHECK_FALSE(limiter.take(a, 1, 1'040));
}

TEST_CASE("a bucket gets no fuller than full, and full ones are forgotten") {
  RateLimiter limiter({.ms_per_token = 1, .tokens_max = 3});
  for (int i = 0; i < 10'000; ++i)
    CHECK_FALSE(limiter.take({"q", "t", std::to_string(i)}, 3, 1'000 + 3ull * i));
  CHECK(limiter.buckets() <= 1'000);
  const Id a{"q", "t", "a"};
  CHECK_FALSE(limiter.take(a, 3, 1'000'000));
  CHECK(limiter.take(a, 1, 1'000'000) == 1);
}

TEST_CASE("rate limits are off by default") {
  RateLimiter limiter({});
  for (int i = 0; i < 1'000; ++i)
    CHECK_FALSE(limiter.take({"q", "t", "a"}, 3, 0));
  CHECK(limiter.buckets() == 0);
}

#pragma once

#include "libstos/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stos {

/// What one event contributes to the digest of its agent. Only what is the same on every engine,
/// and with every compiler: so nothing of the lambda's code, which compilers number
/// each in its own way. A source sends one lambda with a sequence on a channel: these say which one
/// it is.
struct EventRecord {
  double absorption_time = 0;
  AgentId source;
  ChannelNumber channel;
  std::uint64_t sequence = 0;
};

/// A running hash over the events of one agent, in their order (XXH3, 64 bits).
class EventDigest {
public:
  void add(const EventRecord& event);
  [[nodiscard]] std::uint64_t value() const { return state_; }

  /// The hash that goes on from `value`.
  [[nodiscard]] static EventDigest from_value(std::uint64_t value) {
    EventDigest digest;
    digest.state_ = value;
    return digest;
  }

private:
  std::uint64_t state_ = 0;
};

/// The digest of a run: the sum of a hash of each agent's id and event digest. The sum commutes, so
/// that it does not matter in which order, or on which node, agents end.
class RunDigest {
public:
  void add(AgentId agent, EventDigest events);
  void add_hash(std::uint64_t hash) { sum_ += mix64(hash); }
  void add(RunDigest other) { sum_ += other.sum_; }
  [[nodiscard]] static RunDigest from_value(std::uint64_t value) {
    RunDigest digest;
    digest.sum_ = value;
    return digest;
  }
  [[nodiscard]] std::uint64_t value() const { return sum_; }

  /// 16 hexadecimal digits.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(RunDigest, RunDigest) = default;

private:
  std::uint64_t sum_ = 0;
};

/// A stable 64-bit hash of bytes (XXH3).
[[nodiscard]] std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed);

/// A stable 64-bit hash of a text (XXH3).
[[nodiscard]] std::uint64_t hash_text(std::string_view text);

} // namespace stos

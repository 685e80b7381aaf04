#pragma once

#include "actors/transport/peer.hpp"

#include <caf/type_id.hpp>

#include <cstddef>
#include <optional>

namespace stos::detail {

/// What a message that comes from another process has to have come from; see PeerKind.
struct MessageRule {
  /// The least that the sender must be; nothing: such a message never comes from outside.
  std::optional<PeerKind> sender;
  /// It comes from an actor that has to be known. (Some of the other messages have no sender.)
  bool wants_sender = false;
  /// It can hold others of its kind, and those again: so it has to be short.
  bool nests = false;
  /// It begins with the actor in whose name it is said, and is nothing else: CAF believes it.
  bool names_speaker = false;

  friend bool operator==(const MessageRule&, const MessageRule&) = default;
};

/// The rule for messages in which a value of this type stands. It holds at the door of a node, for
/// all actors behind it; what they check themselves, each for its state, is a table in
/// docs/ARCHITECTURE.md.
///
/// An application's own types, and what they are made of, are for agents and ordinary actors.
[[nodiscard]] MessageRule rule_for(caf::type_id_t type);

/// Messages that nest are at most so long; each level takes three bytes or more, and some 300 bytes
/// of the stack.
inline constexpr std::size_t nesting_bytes_max = 8 << 10;

/// A message has at most so many values.
inline constexpr std::size_t message_values_max = 127;

/// The longest message of a peer. (Of a node that is not of the cluster: as of a process.)
[[nodiscard]] constexpr std::size_t message_bytes_max(PeerKind kind) {
  switch (kind) {
    case PeerKind::look: return std::size_t{64} << 10;
    case PeerKind::command: return std::size_t{8} << 20;
    case PeerKind::process: return std::size_t{16} << 20;
    case PeerKind::node: return std::size_t{1} << 31;
  }
  return 0;
}

/// Messages of a peer: so many a second, and so many at once after a pause. Those of a node, once
/// it belongs to the cluster, are not counted.
struct MessageRate {
  double a_second = 0;
  double at_once = 0;
};
[[nodiscard]] constexpr MessageRate message_rate(PeerKind kind) {
  if (kind == PeerKind::process)
    return {20'000, 50'000};
  return {100, 1'000};
}

} // namespace stos::detail

#pragma once

#include "actors/transport/peer.hpp"
#include "libstos/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stos::detail {

/// The first thing that each side of a connection says, behind TLS and before CAF. Then each says
/// what it thinks of the other one: a verdict, which is empty if it is welcome. So a caller that is
/// sent away knows why.
///
/// On the wire both are `STOS`, the size of what follows (two bytes, the lower first), and that: of
/// a greeting its members in their order (see BytesWriter), of a verdict its text.
struct Greeting {
  std::uint32_t version = 0; ///< of all that is said here; first, so that any version can read it
  std::string caf;           ///< version of CAF: those that differ do not understand each other
  std::string system;        ///< CAF's name of the actor system
  Peer peer;                 ///< who it is; without TLS this has to be believed

  static constexpr std::uint32_t current_version = 1;

  friend bool operator==(const Greeting&, const Greeting&) = default;
};

inline constexpr std::size_t greeting_head_bytes = 6;
inline constexpr std::size_t greeting_body_bytes_max = 1024;

[[nodiscard]] std::vector<std::byte> encode(const Greeting& greeting);
[[nodiscard]] std::vector<std::byte> encode_verdict(const std::string& why);

/// How long the body is that follows this head.
[[nodiscard]] Result<std::size_t>
greeting_body_bytes(std::span<const std::byte, greeting_head_bytes> head);

/// Any bytes may come. Of another version, only that is known.
[[nodiscard]] Result<Greeting> decode_greeting(std::span<const std::byte> body);
[[nodiscard]] std::string decode_verdict(std::span<const std::byte> body);

/// What `own` has against a peer that says this; empty: nothing. `proven` is who the peer's
/// certificate names, or null without TLS. The side that was called must be a node.
[[nodiscard]] std::string objection_to(const Greeting& theirs, const Greeting& own,
                                       const Peer* proven, bool was_called);

} // namespace stos::detail

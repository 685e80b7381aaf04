#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/causal/event_key.hpp"

#include <cstdint>

namespace stos::detail {

/// Where a node stands, as it tells others that wait for it: what it would do next if nothing came
/// from elsewhere, and which lambdas may still come from elsewhere. It is true at one moment.
///
/// From the latest standings of all other nodes and its own, each node computes a lower bound on
/// all events that are still to come anywhere, without asking any: the least of what all would
/// do next, and of the emissions of lambdas that are under way. These are moments at different
/// times, but that does no harm: take the first event after them that is earlier than the bound. It
/// was not queued where it happened; so a lambda has caused it, which was not emitted by another
/// such event, since this one is the first. So it was sent before its sender's moment and has
/// arrived after its receiver's: it was under way, and counted. Two things have to be seen to. The
/// sender must know of no acknowledgement that the receiver's moment does not know of; and what
/// else travels between nodes, turns and openings of channels, causes no events, but has to be
/// known where the bound is used: it is, since a standing comes behind all that was sent before it.
///
/// Source: the counts of each channel are those of Kumar's termination detection (1985), answering
///         for what is not acknowledged is Samadi's (1985); that a node which knows what others
///         would do next needs no null messages: Chandy and Sherman, "The conditional event
///         approach to distributed simulation" (1989).
struct Standing {
  Instant next = Instant::beginning(); ///< never() if there is nothing before the boundary

  /// Between this node and another one.
  struct Way {
    std::uint64_t sent = 0;         ///< frames with lambdas to that node, so far
    std::uint64_t acknowledged = 0; ///< and how many of them are known to have arrived
    std::uint64_t received = 0;     ///< frames with lambdas from that node, so far
    double earliest = Instant::never().absorption; ///< emission in those not acknowledged

    friend bool operator==(const Way&, const Way&) = default;
  };
  PerNode<Way> ways; ///< that of the node itself is of no meaning

  friend bool operator==(const Standing&, const Standing&) = default;
};

} // namespace stos::detail

#include "libstos/cluster/status/live_status.hpp"

#include <algorithm>

namespace stos::detail {

void describe(const LiveCounters& counters, NodeStatus& status) {
  status.agents_born = counters.agents_born;
  status.agents_died = counters.agents_died;
  status.agents_blocked = counters.agents_blocked;
  status.events = counters.events;
  status.lambdas_sent_local = counters.sent_local;
  status.lambdas_sent_remote = counters.sent_remote;
  status.lambdas_dropped = counters.dropped;
  status.lambdas_in_flight = counters.lambdas_waiting;
  status.simulated_time = counters.last_event_time;
  status.activations = counters.activations;
  status.empty_activations = counters.empty_activations;
  status.event_durations = counters.event_durations;
  status.activation_durations = counters.activation_durations;
  status.mailbox_longest = counters.mailbox_longest;
}

void describe(const Gateway& gateway, std::span<const std::string> names, std::size_t own_node,
              std::uint64_t credit_bytes, NodeStatus& status) {
  status.peers.clear();
  for (std::size_t node = 0; node < names.size(); ++node) {
    if (node == own_node)
      continue;
    const LinkCounters& link = gateway.counters(NodeIndex(node));
    PeerStatus& peer = status.peers.emplace_back();
    peer.peer = names[node];
    peer.frames_sent = link.frames_sent;
    peer.frames_received = link.frames_received;
    peer.lambdas_sent = link.lambdas_sent;
    peer.lambdas_received = link.lambdas_received;
    peer.bytes_sent = link.bytes_sent;
    peer.bytes_received = link.bytes_received;
    peer.credit_used_bytes = gateway.unacknowledged_bytes(NodeIndex(node));
    peer.credit_limit_bytes = credit_bytes;
    peer.credit_waits = link.credit_waits;
  }
  std::ranges::sort(status.peers, {}, &PeerStatus::peer);
  status.global_time_rounds = gateway.rounds();
  const MoveCounters& moves = gateway.move_counters();
  const auto answered = [&moves](MoveResult result) {
    return moves.answered[static_cast<std::size_t>(result)];
  };
  status.migrations_done = moves.left;
  status.migrations_refused = moves.refused;
  status.migrations_failed = answered(MoveResult::no_such_agent) + answered(MoveResult::too_late);
}

} // namespace stos::detail

#pragma once

#include "libstos/base/ids.hpp"
#include "libstos/causal/event_key.hpp"
#include "libstos/cluster/stop/moves.hpp"
#include "libstos/engine/parallel/stops.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stos::detail {

/// What one node says of itself in one round.
struct NodeReport {
  /// No event is left here, and nothing that left here and is not known to have arrived was
  /// emitted, before this laboratory time.
  double least_time = Instant::beginning().absorption;

  /// Agents here have relied on this bound at most: that no event is left before it, anywhere.
  double highest_known = Instant::beginning().absorption;

  /// Something from outside is to come in here: all forget where this node stands.
  bool withdrawn = false;

  /// Nothing happens here, and nothing is left to be said, unless news arrives; then `next` is the
  /// earliest event that waits here, never() if there is none before the boundary.
  bool quiet = false;
  Instant next = Instant::never();

  /// If it is quiet: no event, and no end of an agent, was later.
  double latest = Instant::beginning().absorption;

  /// How far this node has got with a stop, see Stops::progress().
  std::uint64_t stopped_for = 0;

  /// What its observers have seen, while the nodes decide; else empty.
  std::vector<std::byte> seen;

  /// What is wanted here, while there is no stop: the moves that were asked for, whether there are
  /// more to come, and `wanted.move` says that there are any. All nodes hear it in the same round,
  /// so that all of them stop for the same.
  StopOrders wanted;
  std::vector<AgentMove> moves;
  bool more_moves = false;

  PerNode<std::uint64_t> sent;     ///< frames with news to each node, so far
  PerNode<std::uint64_t> received; ///< and from each node

  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

/// Finds, together with the other nodes, what all of them have to know together: that nothing
/// happens any more, or how far all have got; a lower bound on all events that are still to come,
/// anywhere, while all nodes go on; and the earliest event of all when no node can go on any more.
///
/// It goes in rounds. A node that wants to know *begins* one: it reports to all, and what it sends
/// from then on bears the number of the round. A node that gets such a message begins the round,
/// too, and then reads on. A round is complete at a node that has the reports of all. Since reports
/// are cut where no message goes from behind the cut to before it, and senders answer for what has
/// not been acknowledged, the least of the reports bounds everything to come.
///
/// If all reports say that their node is quiet, and each has received what the others have sent,
/// nothing was under way, so that all nodes are quiet at once, and stay so.
///
/// A message must not be read before the round is complete that was complete at its sender. So all
/// nodes go through the same rounds, one at a time, with the same results.
///
/// Threads: none inside.
/// Source:  Mattern, "Efficient algorithms for distributed snapshots and global virtual time
///          approximation" (1993); answering for what is not acknowledged: Samadi (1985); the
///          comparison of counts: Mattern, "Algorithms for distributed termination detection"
///          (1987), section 6.
class GlobalTime {
public:
  GlobalTime(NodeIndex own_node, std::size_t nodes);

  /// Two for each round: odd while this node has begun the round and it is not complete. What a
  /// message bears.
  [[nodiscard]] std::uint64_t phase() const { return 2 * begun_ - (outstanding() ? 1 : 0); }
  [[nodiscard]] bool outstanding() const { return begun_ != completed_; }
  [[nodiscard]] std::uint64_t rounds() const { return begun_; }

  /// What has to be done before a message that bears `phase` may be read.
  enum class Before {
    nothing,
    begin_round, ///< report, then read
    wait,        ///< for the round to be complete here
  };
  [[nodiscard]] Before before_reading(std::uint64_t phase) const;

  /// Begins the next round, or joins it. @pre !outstanding()
  void begin_round(NodeReport own);

  /// The report of `node` in the round that this node has begun last. False if it has come before,
  /// or does not fit.
  [[nodiscard]] bool hear(NodeIndex node, NodeReport report);

  struct Result {
    double least_time;
    double highest_known; ///< of all nodes
    PerNode<bool> withdrawn;
    bool all_quiet;            ///< nothing happens anywhere, unless something is let in
    Instant next;              ///< if all_quiet: the earliest event of all
    std::uint64_t stopped_for; ///< if all_quiet: what all nodes have stopped for, or 0
    double latest;             ///< likewise: the latest of all
    std::vector<std::vector<std::byte>> seen; ///< likewise: by the observers of each node
    StopOrders wanted;                        ///< of all nodes
    std::vector<Wish> wishes;                 ///< likewise, in their order
    bool more_wishes;                         ///< some node has more to come
  };

  /// All reports of the round are here, and its result was not taken yet.
  [[nodiscard]] bool is_complete() const { return outstanding() && missing_ == 0; }

  /// The result of the round, once, when it is complete.
  [[nodiscard]] std::optional<Result> take_result();

private:
  [[nodiscard]] Result result() const;
  [[nodiscard]] bool nothing_under_way() const;

  NodeIndex own_;
  std::uint64_t begun_ = 0;
  std::uint64_t completed_ = 0;
  PerNode<std::optional<NodeReport>> reports_;
  std::size_t missing_ = 0;
};

} // namespace stos::detail

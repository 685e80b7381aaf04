#pragma once

#include "libstos/raft/ids.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace stos::raft {

/// A read that waits: who has asked, and by which number.
struct WaitingRead {
  NodeId from;
  std::uint64_t id = 0;
};

/// What a leader has to know of the support that it still has: when a majority followed it last,
/// and which reads may be answered because of that.
///
/// A leader begins a *round* from time to time, says its number with whatever it sends, and hears
/// it again with the answers. Once a majority has answered to a round, no other node had been
/// elected when that round began. So reads that were asked for before that may be answered, and a
/// lease lasts from then on.
///
/// Units:   ticks of the leader's clock.
/// Threads: none inside.
/// Source:  thesis, sections 6.4 (reads: "ReadIndex"), 6.4.1 (leases) and 6.2 (a leader that is cut
///          off resigns).
class Rounds {
public:
  /// A leader begins, with the support of those who have elected it.
  explicit Rounds(std::uint64_t now) : supported_at_(now) {}

  [[nodiscard]] std::uint64_t current() const { return current_; }
  void begin(std::uint64_t now);

  /// A majority has answered to `round`, or a later one.
  void confirmed(std::uint64_t round);

  /// When the latest round began that a majority has answered to; before there is one, when the
  /// leader was elected.
  [[nodiscard]] std::uint64_t supported_at() const { return supported_at_; }

  /// Nothing before a majority has answered to a round.
  [[nodiscard]] std::optional<std::uint64_t> confirmed_at() const { return confirmed_at_; }

  /// As if the leader had just been elected: no round that has begun counts for a lease any more.
  void restart(std::uint64_t now);

  // ---- reads
  // -------------------------------------------------------------------------------------

  /// A read waits for the next round that begins.
  void add(WaitingRead read) { asked_.push_back(read); }
  [[nodiscard]] bool wants_round() const { return !asked_.empty(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_ + asked_.size(); }

  /// Those that were confirmed. Taken once.
  [[nodiscard]] std::vector<WaitingRead> take_confirmed();
  /// Those that were not, since the leader resigns.
  [[nodiscard]] std::vector<WaitingRead> take_all();

private:
  struct Round {
    std::uint64_t number;
    std::uint64_t began_at;
    std::vector<WaitingRead> reads;
  };

  std::uint64_t current_ = 0;
  std::uint64_t lease_from_ = 0; // rounds before this one count for no lease
  std::uint64_t supported_at_;
  std::optional<std::uint64_t> confirmed_at_;
  std::deque<Round> open_;
  std::vector<WaitingRead> asked_;
  std::vector<WaitingRead> confirmed_;
  std::size_t waiting_ = 0; // in open_
};

} // namespace stos::raft

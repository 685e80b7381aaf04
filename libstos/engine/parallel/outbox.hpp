#pragma once

#include "libstos/engine/parallel/domain_board.hpp"
#include "libstos/spacetime/trajectory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace stos::detail {

class Channel;

/// One thing that a domain tells another: a lambda, or news of a channel.
struct Parcel {
  enum class Kind : std::uint8_t { open, lambda, close, turned };
  Kind kind;
  Channel* channel = nullptr; ///< all but lambda
  Closure* lambda = nullptr;
  std::unique_ptr<Trajectory> path; ///< turned: the source's new worldline
};

/// Parcels from one domain to another, in the order in which they happened.
///
/// Owns: what its parcels hold, until the receiver takes it and clears the list. A failed run may
///       end while batches are on their way.
struct Batch {
  Batch() = default;
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  Group from;
  double earliest = Instant::never().absorption; ///< nothing in it was emitted before
  std::unique_ptr<Batch> next;
  bool has_lambdas = false;
  std::vector<Parcel> parcels;
};

/// What a domain, or a link, has for the others, until it is sent and they answer for it.
///
/// Threads: none inside; the domain owns it.
class Outbox {
public:
  /// Of a domain, or of a link.
  Outbox(Group own, DomainBoard& board);

  void post(Group to, Parcel parcel) { post(boxes_[to], std::move(parcel)); }

  /// A hold must have arrived before the lambda that it belongs to can be absorbed elsewhere, which
  /// releases it again: so it is sent before all the rest.
  void post_hold(Group to, Parcel parcel) { post(hold_boxes_[to], std::move(parcel)); }

  /// The domain executes an event at `time`; whatever it posts comes from there.
  void executing(double time) { executed_ = std::min(executed_, time); }

  [[nodiscard]] bool empty() const { return empty_; }

  /// What has arrived from others, the oldest first; null if nothing has.
  [[nodiscard]] std::unique_ptr<Batch> take_in();

  /// For a link: `elsewhere` is announced with all the rest. See DomainBoard::announce.
  void others_are_at(double elsewhere) { elsewhere_ = elsewhere; }

  /// Says where the domain stands, whose own next event is at `next`: it answers for what is in the
  /// boxes, and for what it has sent until the receiver does. See DomainBoard::announce.
  void announce(double next);

  /// Sends everything; announces before that. What is for other nodes and holds no lambda causes
  /// no event there, and needs no answering for once it has left.
  void flush(double next);

private:
  using Boxes = PerGroup<std::unique_ptr<Batch>>; ///< null if empty

  /// A batch that was sent and that the receiver does not answer for yet.
  struct UnderWay {
    std::uint64_t number;
    double earliest; ///< as in Batch
    bool has_lambdas;
  };

  void post(std::unique_ptr<Batch>& box, Parcel parcel);
  bool stop_answering_for_news();

  const Group own_;
  DomainBoard& board_;
  Boxes hold_boxes_;
  Boxes boxes_;
  bool empty_ = true;
  double executed_ = Instant::never().absorption;  // no event since the last flush was before it
  double elsewhere_ = Instant::never().absorption; // of a link
  PerGroup<std::uint64_t> sent_;
  PerGroup<std::vector<UnderWay>> under_way_;
  PerGroup<std::uint64_t> taken_; // batches, from each of the others
};

} // namespace stos::detail

#pragma once

#include "libstos/engine/parallel/domain_board.hpp"
#include "libstos/engine/parallel/least_of.hpp"
#include "libstos/spacetime/box.hpp"
#include "libstos/world/cell.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos::detail {

/// What other domains can still cause in one domain, and no earlier than when.
///
/// All of it starts from the sources of the channels that lead from them into the domain (a cut for
/// each of them), no earlier than their clocks. What may arrive on those channels first is bound();
/// and by the triangle inequality their influence reaches no agent earlier than light from there
/// does, through whatever agents of the domain it goes, but for their rounding errors:
/// free_until().
///
/// Threads: none inside; the domain owns it.
class OtherDomains {
public:
  OtherDomains(DomainIndex own, const World& world, DomainBoard& board);

  /// Looks at all clocks; returns whether one has moved that matters.
  bool look();

  /// The same with the least time of all domains. Without it, clocks that hold each other back
  /// would creep towards the next event in small steps.
  bool lift();

  /// Takes bound() anew after clocks have moved. Other domains whose part of it is beyond `next`
  /// keep that part: the domain has something to do before it. `agents`: in the domain.
  void find_bound(std::size_t agents, double next);

  /// Nothing arrives in the domain before it.
  [[nodiscard]] double bound() const { return bound_; }

  /// No influence reaches `cell` before that where it is at `time`. Holds as long as version()
  /// stays the same, and the agent in its place.
  [[nodiscard]] double free_until(const Cell& cell, double time) const;
  [[nodiscard]] std::uint64_t version() const { return version_; }

  /// The clocks of all, with `own` for the domain itself; until the next call.
  [[nodiscard]] std::span<const double> clocks(double own) {
    clocks_[own_] = own;
    return clocks_;
  }

  /// `channel` into the domain is open, or not any more; also to be called around turns (changes
  /// of velocity) of its ends.
  void add(Channel& channel);
  void remove(Channel& channel);
  void turns() { ++version_; }

  /// At a stop: all clocks are `least`.
  void begin_anew(double least);

  /// The clocks that must be passed before an event at `next` can be executed, by `cell` if not
  /// null.
  [[nodiscard]] PerGroup<double> needed_for(double next, const Cell* cell) const;

private:
  /// The channels from one other domain, or link.
  struct Cut {
    LeastOf distances;                          ///< of those between two who rest
    std::vector<Channel*> moving;               ///< all others
    Box sources;                                ///< where those who rest are, or have been
    double bound = Instant::never().absorption; ///< nothing arrives from there before it

    // Where the sources of the others are.
    std::uint32_t unknown = 0; ///< so many of them may be anywhere
    Box boxed;                 ///< the rest was there at the time `boxed_at`
    double boxed_at = Instant::beginning().absorption;
    double speed_max = 0; ///< and goes on from there no faster than that

    [[nodiscard]] bool empty() const { return distances.empty() && moving.empty(); }
  };

  void find_bound(double next);
  [[nodiscard]] double bound_of(Cut& cut, double clock) const;
  void take_into_box(Cut& cut, const Channel& channel) const;
  [[nodiscard]] double distance(const Cut& cut, double clock, const Point& place) const;
  [[nodiscard]] double bound_of(const Channel& channel, double clock) const;

  const Group own_;
  const World& world_;
  DomainBoard& board_;
  PerGroup<double> clocks_; // of all, as they were at the last look
  PerGroup<Cut> cuts_;
  double bound_ = Instant::never().absorption;
  std::size_t agents_ = 0;
  std::uint64_t version_ = 1; // raised with each turn, and each channel from outside
};

} // namespace stos::detail

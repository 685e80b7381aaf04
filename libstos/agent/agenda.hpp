#pragma once

#include "libstos/agent/cell.hpp"

#include <algorithm>
#include <vector>

namespace stos::detail {

/// The agents of one domain that have something to do, the one with the earliest instant first.
///
/// A binary heap in which each cell knows its place, so that a lambda that arrives can move its
/// receiver forward.
///
/// The front cell can be held there while it executes events: the others are ordered behind it, and
/// it takes its new place when it is let go.
class Agenda {
public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Cell& front() const { return *heap_.front().cell; }
  [[nodiscard]] double front_time() const { return time_at(0); }

  /// Holds the front cell in place. @pre !empty() and none is held
  void hold_front() {
    first_free_ = 1;
    prefetch();
  }

  /// The held cell goes where its next_time() belongs, or out of the agenda if it is not alive or
  /// has nothing to do.
  void let_front_go();

  /// The earliest time and instant of all but a held cell; infinite and never() if there is none.
  [[nodiscard]] double others_time() const {
    return first_free_ == 0 ? time_at(0) : std::min(time_at(1), time_at(2));
  }
  [[nodiscard]] Instant others_instant() const;

  /// Puts `cell` where its next_instant() belongs, whether or not it is in the agenda already.
  void update(Cell& cell);

  /// @pre `cell` is not held
  void remove(Cell& cell);

private:
  struct Entry {
    double time;
    Cell* cell;
  };

  [[nodiscard]] double time_at(std::size_t position) const {
    return position < heap_.size() ? heap_[position].time : Instant::never().absorption;
  }
  /// Those who are next, and what they will need: most of the time goes into waiting for memory.
  void prefetch() const {
    for (std::size_t i = 3; i < 7 && i < heap_.size(); ++i) {
      __builtin_prefetch(heap_[i].cell);
      __builtin_prefetch(&heap_[i].cell->agent);
    }
    for (std::size_t i = 1; i < 3 && i < heap_.size(); ++i)
      heap_[i].cell->prefetch_for_event();
  }
  static bool earlier(const Entry& a, const Entry& b);
  void place(std::size_t position, const Entry& entry);
  void rise(std::size_t position, const Entry& entry);
  void sink(std::size_t position, const Entry& entry);

  std::vector<Entry> heap_;
  std::size_t first_free_ = 0; // 1 while the front is held
};

} // namespace stos::detail

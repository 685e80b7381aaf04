#pragma once

#include "libstos/agent/cell.hpp"

#include <vector>

namespace stos::detail {

/// The agents of one domain that have something to do, the one with the earliest instant first.
///
/// A binary heap in which each cell knows its place, so that a lambda that arrives can move its
/// receiver forward.
class Agenda {
public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Cell& front() const { return *heap_.front().cell; }
  [[nodiscard]] double front_time() const {
    return heap_.empty() ? Instant::never().absorption : heap_.front().time;
  }
  [[nodiscard]] Instant front_instant() const {
    return heap_.empty() ? Instant::never() : front().next_instant();
  }

  /// Puts `cell` where its next_instant() belongs, whether or not it is in the agenda already.
  void update(Cell& cell);

  void remove(Cell& cell);

private:
  struct Entry {
    double time;
    Cell* cell;
  };

  static bool earlier(const Entry& a, const Entry& b);
  void place(std::size_t position, const Entry& entry);
  void rise(std::size_t position, const Entry& entry);
  void sink(std::size_t position, const Entry& entry);

  std::vector<Entry> heap_;
};

} // namespace stos::detail

#pragma once

#include "libstos/world/cell.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace stos::detail {

/// Which of many agents have something to do before a given time, in the order of their memory.
///
/// A tree of minima, sixteen to one: the leaves are `Cell::next` of the agents themselves, each
/// node holds a lower bound of what is below it. An arrival lowers a few nodes, most often none;
/// a sweep visits the agents that are due, side by side in memory, and makes the nodes exact again.
/// So there is no heap to be kept in order for agents that may go in any order.
///
/// Threads: none inside.
/// Cost:    lower() O(1) mostly, O(log n) at worst; sweep() O(visited + n / 16 ... ), with whole
///          branches skipped; earliest_slot() O(log n).
class TimeTable {
public:
  static constexpr std::size_t fan_out = 16;
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// Takes in `cell` with its `next`; sets its slot.
  void add(Cell& cell);
  void remove(Cell& cell);

  [[nodiscard]] std::size_t size() const { return size_; } ///< agents
  [[nodiscard]] std::size_t slots() const { return cells_.size(); }
  [[nodiscard]] Cell* at(std::size_t slot) const { return cells_[slot]; } ///< null if it is free

  /// A lower bound of all `next`; exact unless lower() alone has been called since the last sweep
  /// or update.
  [[nodiscard]] double earliest() const { return levels_.empty() ? never : levels_.back().front(); }

  /// `cell.next` becomes `time` if that is earlier.
  void lower(Cell& cell, double time) {
    if (!(time < cell.next))
      return;
    cell.next = time;
    lower_nodes(cell.slot, time);
  }

  /// `cell.next` has been set to whatever it is now: makes the nodes above it exact.
  void update(const Cell& cell) { update_nodes(cell.slot); }

  /// Calls visit(cell) for each agent whose `next` is before `time`, by slot. It may change any
  /// `next` and add and remove agents; it returns false to end the sweep.
  template <class Visit>
  void sweep(double time, Visit&& visit) {
    if (!(earliest() < time))
      return;
    const std::size_t root = levels_.size() - 1;
    updated_ = false;
    (void)sweep_node(root, 0, time, visit);
    for (std::size_t level = root + 1; level < levels_.size(); ++level) // if it has grown meanwhile
      levels_[level].front() = least_below(level, 0);
  }

  /// Of the agents with the least `next`, the one that `is_before` all others.
  template <class IsBefore>
  [[nodiscard]] Cell& first(IsBefore&& is_before) {
    Cell* best = nullptr;
    // Visits the few that are due at the earliest time of all.
    const double time = earliest();
    sweep(std::nextafter(time, never), [&](Cell& cell) {
      if (best == nullptr || is_before(cell, *best))
        best = &cell;
      return true;
    });
    return *best;
  }

private:
  using Level = std::vector<double>;

  void lower_nodes(std::size_t slot, double time) {
    for (Level& level : levels_) {
      slot /= fan_out;
      if (!(time < level[slot]))
        return;
      level[slot] = time;
    }
  }
  void update_nodes(std::size_t slot);
  [[nodiscard]] double least_below(std::size_t level, std::size_t node) const;
  void prefetch_block(std::size_t block, double time) const;

  // A node begins with nothing, so that what a visit lowers in a part that is through already finds
  // its way into it.
  template <class Visit>
  bool sweep_node(std::size_t level, std::size_t node, double time, Visit& visit) {
    levels_[level][node] = never;
    if (level == 0) {
      prefetch_block(node + 1, time);
      const bool go_on = sweep_block(node, time, visit);
      levels_[0][node] = least_below(0, node);
      return go_on;
    }
    bool go_on = true;
    double least = never;
    for (std::size_t child = node * fan_out; child < end_of(levels_[level - 1], node); ++child) {
      if (go_on && levels_[level - 1][child] < time)
        go_on = sweep_node(level - 1, child, time, visit);
      least = std::min(least, levels_[level - 1][child]);
    }
    const bool changed_meanwhile = updated_ || levels_[level][node] < least;
    levels_[level][node] = changed_meanwhile ? least_below(level, node) : least;
    return go_on;
  }

  // What visits need is fetched two agents ahead.
  template <class Visit>
  bool sweep_block(std::size_t block, double time, Visit& visit) {
    std::array<std::size_t, fan_out> due;
    std::size_t count = 0;
    for (std::size_t slot = block * fan_out; slot < end_of(cells_, block); ++slot)
      if (cells_[slot] != nullptr && cells_[slot]->next < time)
        due[count++] = slot;
    constexpr std::size_t ahead = 2;
    for (std::size_t i = 0; i < std::min(ahead, count); ++i)
      cells_[due[i]]->prefetch_visit();
    for (std::size_t i = 0; i < count; ++i) {
      if (i + ahead < count && cells_[due[i + ahead]] != nullptr)
        cells_[due[i + ahead]]->prefetch_visit();
      Cell* cell = cells_[due[i]];
      if (cell != nullptr && cell->next < time && !visit(*cell))
        return false;
    }
    return true;
  }

  template <class Row>
  static std::size_t end_of(const Row& row, std::size_t node) {
    return std::min(row.size(), (node + 1) * fan_out);
  }

  std::vector<Cell*> cells_;
  std::vector<std::uint32_t> free_;
  std::vector<Level> levels_; ///< the leaves' parents first, the root last
  std::size_t size_ = 0;
  bool updated_ = false; ///< nodes, since the beginning of the sweep
};

} // namespace stos::detail

#pragma once

#include "libstos/world/cell.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace stos::detail {

/// Agents in the order of what each of them does next: the event list of a discrete-event
/// simulation, with one entry for each agent that has something to do.
///
/// Order:   by Instant; agents of equal instants in the order in which they were entered. An event
///          at one instant causes nothing that another agent absorbs at that instant or earlier, so
///          that any order of equals gives the same outcome.
/// Threads: none inside.
/// Cost:    first() O(1), all else O(log n).
/// Memory:  44 bytes an agent.
/// Source:  a heap of four children (Johnson, "Priority queues with update and finding minimum
///          spanning trees", 1975); positions stand in a table of their own, since writing them to
///          the agents' records would touch one of these for each level.
class EventList {
public:
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// Takes in `cell`, which does something at `next`, or nothing (Instant::never()). Sets its slot.
  void add(Cell& cell, const Instant& next);
  void remove(Cell& cell);

  /// `cell` does something at `next` and nothing before.
  void set(const Cell& cell, const Instant& next);

  /// The same if it was to do something later so far.
  void lower(const Cell& cell, const Instant& next) {
    const std::uint32_t position = position_[cell.slot];
    if (position == nowhere)
      insert(cell.slot, next);
    else if (next < heap_[position].instant())
      rise(position, entry(cell.slot, next));
  }

  [[nodiscard]] std::size_t size() const { return cells_.size() - free_.size(); } ///< agents
  [[nodiscard]] std::size_t slots() const { return cells_.size(); }
  [[nodiscard]] Cell* at(std::size_t slot) const { return cells_[slot]; } ///< null if it is free

  /// When the first of all agents does something.
  [[nodiscard]] double earliest() const { return heap_.empty() ? never : heap_.front().time; }
  [[nodiscard]] Instant earliest_instant() const {
    return heap_.empty() ? Instant::never() : heap_.front().instant();
  }

  /// The agent that does something first. @pre there is one
  [[nodiscard]] Cell& first() const { return *cells_[heap_.front().slot]; }

  /// Calls visit(cell) for each agent that does something before `time`, in no particular order,
  /// until it returns false. It changes nothing.
  template <class Visit>
  bool look(double time, Visit& visit, std::size_t position = 0) const {
    if (position >= heap_.size() || !(heap_[position].time < time))
      return true;
    if (!visit(*cells_[heap_[position].slot]))
      return false;
    for (std::size_t child = position * fan_out + 1; child <= position * fan_out + fan_out; ++child)
      if (!look(time, visit, child))
        return false;
    return true;
  }

  /// Asks the processor to fetch the records of agents that are likely to be next.
  void prefetch_next() const;

private:
  static constexpr std::size_t fan_out = 4;
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  struct Entry {
    double time;
    double emission;
    std::uint32_t depth;
    std::uint32_t turn; ///< modulo 2^32: which of two equal instants was entered first
    std::uint32_t slot;

    [[nodiscard]] Instant instant() const { return {time, emission, depth}; }
    [[nodiscard]] bool is_before(const Entry& other) const {
      if (time != other.time) [[likely]]
        return time < other.time;
      if (emission != other.emission)
        return emission < other.emission;
      if (depth != other.depth)
        return depth < other.depth;
      return static_cast<std::int32_t>(turn - other.turn) < 0;
    }
  };

  [[nodiscard]] Entry entry(std::uint32_t slot, const Instant& next) {
    return {next.absorption, next.emission, next.depth, turn_++, slot};
  }
  void put(std::size_t position, const Entry& entry) {
    heap_[position] = entry;
    position_[entry.slot] = static_cast<std::uint32_t>(position);
  }
  void insert(std::uint32_t slot, const Instant& next);
  void erase(std::size_t position);
  void rise(std::size_t position, const Entry& entry);
  void sink(std::size_t position, const Entry& entry);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> position_; // in the heap, by slot
  std::vector<Cell*> cells_;            // by slot
  std::vector<std::uint32_t> free_;     // slots
  std::uint32_t turn_ = 0;
};

} // namespace stos::detail

#include "libstos/engine/event_list.hpp"

#include "libstos/base/prefetch.hpp"

#include <algorithm>

namespace stos::detail {

void EventList::add(Cell& cell, const Instant& next) {
  if (free_.empty()) {
    cell.slot = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back(&cell);
    position_.push_back(nowhere);
  } else {
    cell.slot = free_.back();
    free_.pop_back();
    cells_[cell.slot] = &cell;
  }
  set(cell, next);
}

void EventList::remove(Cell& cell) {
  if (const std::uint32_t position = position_[cell.slot]; position != nowhere)
    erase(position);
  cells_[cell.slot] = nullptr;
  free_.push_back(cell.slot);
  cell.slot = Cell::no_slot;
}

void EventList::set(const Cell& cell, const Instant& next) {
  const std::uint32_t position = position_[cell.slot];
  if (!(next.absorption < never)) {
    if (position != nowhere)
      erase(position);
  } else if (position == nowhere) {
    insert(cell.slot, next);
  } else {
    const Entry changed = entry(cell.slot, next);
    if (changed.is_before(heap_[position]))
      rise(position, changed);
    else
      sink(position, changed);
  }
}

void EventList::prefetch_next() const {
  for (std::size_t i = 1; i < std::min(heap_.size(), 1 + fan_out); ++i)
    prefetch(cells_[heap_[i].slot], sizeof(Cell) / 64);
}

void EventList::insert(std::uint32_t slot, const Instant& next) {
  heap_.emplace_back();
  rise(heap_.size() - 1, entry(slot, next));
}

void EventList::erase(std::size_t position) {
  position_[heap_[position].slot] = nowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size())
    return;
  if (position > 0 && last.is_before(heap_[(position - 1) / fan_out]))
    rise(position, last);
  else
    sink(position, last);
}

// Puts `entry` at `position`, which is free, or above it.
void EventList::rise(std::size_t position, const Entry& entry) {
  while (position > 0) {
    const std::size_t parent = (position - 1) / fan_out;
    if (!entry.is_before(heap_[parent]))
      break;
    put(position, heap_[parent]);
    position = parent;
  }
  put(position, entry);
}

// Puts `entry` at `position`, which is free, or below it.
void EventList::sink(std::size_t position, const Entry& entry) {
  for (;;) {
    const std::size_t begin = position * fan_out + 1;
    if (begin >= heap_.size())
      break;
    const std::size_t end = std::min(begin + fan_out, heap_.size());
    std::size_t least = begin;
    for (std::size_t child = begin + 1; child < end; ++child)
      if (heap_[child].is_before(heap_[least]))
        least = child;
    if (!heap_[least].is_before(entry))
      break;
    put(position, heap_[least]);
    position = least;
  }
  put(position, entry);
}

} // namespace stos::detail

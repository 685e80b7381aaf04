#include "libstos/engine/parallel/time_table.hpp"

#include "libstos/base/prefetch.hpp"

namespace stos::detail {

void TimeTable::add(Cell& cell) {
  ++size_;
  if (free_.empty()) {
    cell.slot = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back(&cell);
  } else {
    cell.slot = free_.back();
    free_.pop_back();
    cells_[cell.slot] = &cell;
  }
  // One node for each sixteen below it, up to a single one.
  std::size_t nodes = cells_.size();
  for (std::size_t i = 0; i == 0 || nodes > 1; ++i) {
    nodes = (nodes + fan_out - 1) / fan_out;
    if (i == levels_.size()) {
      levels_.emplace_back();
      levels_.back().push_back(i == 0 ? never : levels_[i - 1].front());
    }
    while (levels_[i].size() < nodes)
      levels_[i].push_back(never);
  }
  lower_nodes(cell.slot, cell.next);
}

void TimeTable::remove(Cell& cell) {
  --size_;
  cells_[cell.slot] = nullptr;
  free_.push_back(cell.slot);
  update_nodes(cell.slot);
  cell.slot = Cell::no_slot;
}

double TimeTable::least_below(std::size_t level, std::size_t node) const {
  double least = never;
  if (level == 0) {
    for (std::size_t slot = node * fan_out; slot < end_of(cells_, node); ++slot)
      if (cells_[slot] != nullptr)
        least = std::min(least, cells_[slot]->next);
  } else {
    const Level& below = levels_[level - 1];
    for (std::size_t child = node * fan_out; child < end_of(below, node); ++child)
      least = std::min(least, below[child]);
  }
  return least;
}

void TimeTable::update_nodes(std::size_t slot) {
  updated_ = true;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    slot /= fan_out;
    levels_[level][slot] = least_below(level, slot);
  }
}

// The agents of the next block are fetched while those of this one are at work.
void TimeTable::prefetch_block(std::size_t block, double time) const {
  if (block >= levels_.front().size() || !(levels_.front()[block] < time))
    return;
  for (std::size_t slot = block * fan_out; slot < end_of(cells_, block); ++slot)
    prefetch(cells_[slot], sizeof(Cell) / 64);
}

} // namespace stos::detail

#include "libstos/agent/agenda.hpp"

namespace stos::detail {

void Agenda::update(Cell& cell) {
  const Entry entry{cell.next_time(), &cell};
  if (cell.agenda_position == Cell::no_position) {
    heap_.push_back(entry);
    rise(heap_.size() - 1, entry);
    return;
  }
  const std::size_t position = cell.agenda_position;
  if (position > first_free_ && earlier(entry, heap_[(position - 1) / 2]))
    rise(position, entry);
  else
    sink(position, entry);
}

void Agenda::remove(Cell& cell) {
  const std::size_t position = cell.agenda_position;
  if (position == Cell::no_position)
    return;
  cell.agenda_position = Cell::no_position;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.cell == &cell)
    return;
  if (position > 0 && earlier(last, heap_[(position - 1) / 2]))
    rise(position, last);
  else
    sink(position, last);
}

void Agenda::let_front_go() {
  first_free_ = 0;
  Cell& cell = front();
  if (cell.alive() && cell.next_time() < Instant::never().absorption)
    sink(0, {cell.next_time(), &cell});
  else
    remove(cell);
}

Instant Agenda::others_instant() const {
  Instant earliest = Instant::never();
  for (std::size_t i = first_free_; i < std::min<std::size_t>(heap_.size(), 2 * first_free_ + 1);
       ++i)
    earliest = std::min(earliest, heap_[i].cell->next_instant());
  return earliest;
}

bool Agenda::earlier(const Entry& a, const Entry& b) {
  if (a.time != b.time)
    return a.time < b.time;
  return a.cell->next_instant() < b.cell->next_instant();
}

void Agenda::place(std::size_t position, const Entry& entry) {
  heap_[position] = entry;
  entry.cell->agenda_position = static_cast<std::uint32_t>(position);
}

void Agenda::rise(std::size_t position, const Entry& entry) {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (parent < first_free_ || !earlier(entry, heap_[parent]))
      break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void Agenda::sink(std::size_t position, const Entry& entry) {
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child]))
      ++child;
    if (!earlier(heap_[child], entry))
      break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, entry);
}

} // namespace stos::detail

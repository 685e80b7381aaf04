#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace stos::test {

/// What is to happen in a virtual world: by `at`, and of equal times what was put in first.
template <class Event>
class EventQueue {
public:
  void push(Event event) {
    event.number = pushed_++;
    heap_.push_back(std::move(event));
    std::push_heap(heap_.begin(), heap_.end(), is_later);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }

  /// The next one. @pre there is one
  [[nodiscard]] Event take() {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }

private:
  static bool is_later(const Event& a, const Event& b) {
    return std::pair(a.at, a.number) > std::pair(b.at, b.number);
  }

  std::vector<Event> heap_;
  std::uint64_t pushed_ = 0;
};

} // namespace stos::test

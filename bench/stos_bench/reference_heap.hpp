#pragma once

#include "bench/stos_bench/reference_models.hpp"

#include <array>
#include <vector>

namespace stos::bench {

/// A heap of events in which each has four children, which share one cache line. Empty places hold
/// an event that never happens, so that a line is always full; top() of an empty heap is one.
class EventHeap {
public:
  EventHeap() : lines_(2, empty_line) {}

  [[nodiscard]] const Event& top() const { return at(0); }

  void push(const Event& event) {
    std::size_t hole = size_++;
    if (hole / 4 + 2 >= lines_.size())
      lines_.resize(2 * lines_.size(), empty_line);
    while (hole > 0 && is_before(event, at((hole - 1) / 4))) {
      at(hole) = at((hole - 1) / 4);
      hole = (hole - 1) / 4;
    }
    at(hole) = event;
  }

  void pop() {
    const Event last = std::exchange(at(--size_), never);
    if (size_ > 0)
      replace_top(last);
  }

  /// Takes the earliest event out and puts `event` in, in one go.
  void replace_top(const Event& event) {
    const Key key = key_of(event);
    std::size_t hole = 0;
    while (hole + 1 < lines_.size()) {
      const std::array<Event, 4>& children = lines_[hole + 1].events;
      const std::size_t first = 4 * hole + 1;
      for (std::size_t i = 1; i <= 4; ++i) // the children of the children
        __builtin_prefetch(lines_.data() + std::min(first + i, lines_.size()));
      const std::array<Key, 4> keys{key_of(children[0]), key_of(children[1]), key_of(children[2]),
                                    key_of(children[3])};
      const std::size_t left = keys[1] < keys[0] ? 1 : 0;
      const std::size_t right = keys[3] < keys[2] ? 3 : 2;
      const std::size_t least = keys[right] < keys[left] ? right : left;
      if (key <= keys[least])
        break;
      at(hole) = children[least];
      hole = first + least;
    }
    at(hole) = event;
  }

private:
  __extension__ typedef unsigned __int128 Key; // NOLINT(modernize-use-using): __extension__

  static constexpr Event never{~std::uint64_t{0}, 0, 0};
  struct alignas(64) Line {
    std::array<Event, 4> events;
  };
  static constexpr Line empty_line{{never, never, never, never}};

  [[nodiscard]] static Key key_of(const Event& event) {
    return Key{event.time} << 32 | event.token;
  }

  // The root is the last one of its line; the children of i are line i + 1.
  [[nodiscard]] Event& at(std::size_t i) { return lines_[(i + 3) / 4].events[(i + 3) % 4]; }
  [[nodiscard]] const Event& at(std::size_t i) const {
    return lines_[(i + 3) / 4].events[(i + 3) % 4];
  }

  std::vector<Line> lines_;
  std::size_t size_ = 0;
};

} // namespace stos::bench

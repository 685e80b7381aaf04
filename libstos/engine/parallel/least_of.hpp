#pragma once

#include <cstddef>
#include <functional>
#include <queue>
#include <vector>

namespace stos::detail {

/// Numbers that come and go, of which only the least is of interest.
///
/// Cost:   add and remove O(log n) at most, in memory that lies together; least O(1) amortised;
///         clearing it by removing the last one O(1).
/// Source: a second heap of what was removed, of which both forget what is on top of both.
class LeastOf {
public:
  void add(double value) {
    ++size_;
    values_.push(value);
  }

  /// @pre it was added
  void remove(double value) {
    if (--size_ == 0) {
      values_ = {};
      removed_ = {};
    } else {
      removed_.push(value);
    }
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// @pre !empty()
  [[nodiscard]] double least() {
    while (!removed_.empty() && removed_.top() == values_.top()) {
      removed_.pop();
      values_.pop();
    }
    return values_.top();
  }

private:
  using Heap = std::priority_queue<double, std::vector<double>, std::greater<>>;

  std::size_t size_ = 0;
  Heap values_;
  Heap removed_;
};

} // namespace stos::detail

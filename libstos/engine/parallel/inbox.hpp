#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace stos::detail {

/// What threads put in for one that takes all of it at once: a stack without locks.
///
/// A `Node` has a member `std::unique_ptr<Node> next`, which is the inbox's until it is taken.
/// Threads: push() and empty() any; take_all() one at a time.
template <class Node>
class Inbox {
public:
  Inbox() = default;
  ~Inbox() { (void)take_all(); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  void push(std::unique_ptr<Node> node) {
    Node* raw = node.release();
    Node* seen = newest_.load(std::memory_order_relaxed);
    do {
      (void)raw->next.release();
      raw->next.reset(seen);
    } while (!newest_.compare_exchange_weak(seen, raw, std::memory_order_release,
                                            std::memory_order_relaxed));
  }

  [[nodiscard]] bool empty() const { return newest_.load(std::memory_order_acquire) == nullptr; }

  /// The oldest, which leads to all others by `next`; null if there is none.
  [[nodiscard]] std::unique_ptr<Node> take_all() {
    if (newest_.load(std::memory_order_relaxed) == nullptr)
      return nullptr;
    Node* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* next = newest->next.release();
      newest->next.reset(oldest);
      oldest = std::exchange(newest, next);
    }
    return std::unique_ptr<Node>(oldest);
  }

private:
  std::atomic<Node*> newest_{nullptr};
};

} // namespace stos::detail

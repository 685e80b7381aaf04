#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>

namespace stos::detail {

/// How many pieces of something large one node's run has under way to that of each other node. Only
/// a few: what is urgent would else have to wait behind all of them, and so would the memory that
/// they take.
///
/// Threads: all functions may be called from anywhere.
class PieceWindow {
public:
  /// A megabyte, which is enough while its receiver answers within some milliseconds.
  static constexpr std::size_t pieces_max = 16;

  /// Another one is to go to `node`: waits until there is room for it.
  void wait_for_room(std::size_t node) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_open_ || under_way_[node] < pieces_max; });
    ++under_way_[node];
  }

  /// One has come there.
  void has_come(std::size_t node) {
    const std::lock_guard lock(mutex_);
    if (std::size_t& pieces = under_way_[node]; pieces > 0)
      --pieces;
    changed_.notify_all();
  }

  /// Nothing is urgent any more, or nobody answers: from now on there is always room.
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, std::size_t> under_way_; // by node
  bool is_open_ = false;
};

} // namespace stos::detail

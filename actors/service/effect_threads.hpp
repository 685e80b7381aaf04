#pragma once

#include "libstos/raft/ids.hpp"
#include "libstos/service/keyed/agent_type.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace stos::detail {

/// Runs the callbacks with side effects of a host's groups: those of one group in the order in
/// which they were added, one at a time. A group does not wait for the callbacks of another one.
///
/// A group that has something to do has a thread for that time; threads that have nothing to do
/// sleep until a group needs one.
///
/// Threads: add(), waiting() and finish() are for one thread, the host's. Callbacks run on others.
/// Errors:  what a callback throws is logged.
/// Limits:  `threads_max` groups at a time; more wait for a thread. How much may wait is for the
///          host to say (keyed::Node::effects_wait).
class EffectThreads {
public:
  static constexpr std::size_t threads_max = 100;

  EffectThreads() = default;
  ~EffectThreads() { finish(); }
  EffectThreads(const EffectThreads&) = delete;
  EffectThreads& operator=(const EffectThreads&) = delete;

  void add(raft::GroupId group, keyed::Effect effect);

  /// How many of the group's callbacks are not done yet.
  [[nodiscard]] std::size_t waiting(raft::GroupId group) const;
  [[nodiscard]] std::size_t waiting() const; ///< of all groups

  /// Returns when all of them are done. Nothing is to be added afterwards.
  void finish();

private:
  struct Queue {
    std::deque<keyed::Effect> effects; ///< that no thread has taken
    std::size_t waiting = 0;           ///< with those that a thread has
  };

  void work();

  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::map<raft::GroupId, Queue> queues_; // not empty, or a thread is at work on it
  std::deque<raft::GroupId> ready_;       // have something to do, and no thread
  std::vector<std::thread> threads_;
  std::size_t asleep_ = 0;
  bool is_over_ = false;
};

} // namespace stos::detail

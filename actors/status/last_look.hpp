#pragma once

#include "libstos/cluster/status/node_status.hpp"
#include "libstos/world/world.hpp"

#include <mutex>
#include <vector>

namespace stos::detail {

/// What each observer of a run has seen last on this node, for watchers.
///
/// Threads: show() from any; made and ended by the thread that has the world, outside of its run.
class LastLook {
public:
  explicit LastLook(World& world);
  ~LastLook();
  LastLook(const LastLook&) = delete;
  LastLook& operator=(const LastLook&) = delete;

  void show(NodeStatus& status) const;

private:
  World& world_;
  mutable std::mutex mutex_;
  std::vector<ObservedStatus> seen_; // by observer
};

} // namespace stos::detail

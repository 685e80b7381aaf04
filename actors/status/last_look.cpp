#include "actors/status/last_look.hpp"

#include <algorithm>
#include <utility>

namespace stos::detail {

LastLook::LastLook(World& world) : world_(world) {
  world.observers.after_look = [this](std::span<const Observation> all) {
    const std::lock_guard lock(mutex_);
    for (const auto& [observer, time, seen] : all)
      take_observed(seen_, {observer, time, seen.count(), seen.sum(), seen.least(), seen.greatest(),
                            seen.bins()});
  };
}

LastLook::~LastLook() { world_.observers.after_look = nullptr; }

void LastLook::show(NodeStatus& status) const {
  const std::lock_guard lock(mutex_);
  status.observed = seen_;
}

} // namespace stos::detail

#pragma once

#include "libstos/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stos::detail {

/// At which places agents stand that are in the order of their ids.
///
/// Threads: none inside.
/// Cost:    O(1) where ids follow one another, as those of initial agents do; else O(log n).
class PlacesOfIds {
public:
  /// @pre greater than all before
  void add(AgentId id) { ids_.push_back(id); }

  /// size() if it is none of them.
  [[nodiscard]] std::size_t find(AgentId id) const {
    if (ids_.empty() || id < ids_.front())
      return ids_.size();
    const std::uint64_t at_most =
        std::min<std::uint64_t>(id.value - ids_.front().value, ids_.size() - 1);
    if (ids_[at_most] == id)
      return at_most;
    const auto end = ids_.begin() + static_cast<std::ptrdiff_t>(at_most);
    const auto found = std::lower_bound(ids_.begin(), end, id);
    return found != end && *found == id ? static_cast<std::size_t>(found - ids_.begin())
                                        : ids_.size();
  }

  [[nodiscard]] std::size_t size() const { return ids_.size(); }

private:
  std::vector<AgentId> ids_;
};

} // namespace stos::detail

#pragma once

#include "libstos/engine/parallel/tiers.hpp"
#include "libstos/world/world.hpp"

#include <cstddef>
#include <vector>

namespace stos::detail {

/// The agents of a domain that are due first, in the order of time, and which of them the others
/// cannot reach any more, although some are due before them.
///
/// An agent executes nothing before it is due. What it causes then, through whatever agents of the
/// domain, stays within the future light cone of that point. So an agent that is due outside of the
/// cones of all that are due before it may go; other domains bound it as ever.
///
/// Threads: none inside; the domain owns it.
/// Cost:    find() O(n log n), is_out_of_reach() O(n) in the number of agents, which is small.
class FirstDue {
public:
  struct Due {
    Point where; ///< and when
    Cell* cell;
  };

  explicit FirstDue(const Space& space) : space_(space) {}

  /// Collects the agents that are due first, before `end_time`; of very many at about one time,
  /// none: it looks less far ahead the next time. @pre no agent is put aside as blocked
  void find(Tiers& tiers, double end_time);

  [[nodiscard]] const std::vector<Due>& found() const { return found_; }

  /// Whether what the others do cannot influence found()[i] before it is due. Holds as long as only
  /// agents found here have executed something; these count as if they had not.
  [[nodiscard]] bool is_out_of_reach(std::size_t i) const;

private:
  void collect(Tiers& tiers, double end);

  const Space& space_;
  double width_ = 0; // it looks that far ahead of the first one
  std::size_t agents_ = 0;
  std::vector<Due> found_;
};

} // namespace stos::detail

#pragma once

#include "libstos/base/random.hpp"
#include "libstos/engine/parallel/domain_set.hpp"
#include "libstos/engine/parallel/load_division.hpp"

#include <cstdint>
#include <vector>

namespace stos::test {

/// Divides the agents of a node among its domains anew, again and again, each time in a way that a
/// seed chooses: by load, or any of them into any domain.
class AnyDivision {
public:
  explicit AnyDivision(detail::DomainSet& set) : set_(set), by_load_(set) {}

  /// @pre at a stop
  void operator()(RandomStream& random) {
    switch (random.below(5)) {
      case 0: by_load_.note(); break;
      case 1: (void)by_load_.divide(random_costs(random)); break;
      case 2: by_load_.take_back(); break;
      default: divide_at_random(random);
    }
  }

private:
  [[nodiscard]] std::vector<double> random_costs(RandomStream& random) const {
    std::vector<double> seconds_per_event;
    for (std::size_t i = 0; i < set_.size(); ++i)
      seconds_per_event.push_back(random.uniform(0.5, 2));
    return seconds_per_event;
  }

  void divide_at_random(RandomStream& random) {
    std::vector<detail::DomainSet::Assignment> assignment;
    const double share = random.uniform();
    for (const DomainIndex i : set_.all())
      set_.domain(i).for_each_agent([&](detail::Cell& cell) {
        if (random.bernoulli(share))
          assignment.push_back(
              {&cell, DomainIndex(random.below(static_cast<std::uint32_t>(set_.size())))});
      });
    set_.divide_anew(assignment);
  }

  detail::DomainSet& set_;
  detail::LoadDivision by_load_;
};

} // namespace stos::test

#pragma once

#include "libstos/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

namespace stos::test {

/// Which virtual nodes cannot reach which others just now.
class VirtualCables {
public:
  [[nodiscard]] bool are_cut(std::size_t from, std::size_t to) const {
    return cut_.contains({from, to});
  }

  /// A moment passes: by chance the nodes fall into two halves, or one loses its way to another
  /// one; after a time, shorter than `longest`, all is mended.
  void pass(double partition, double one_way, std::uint32_t nodes, std::uint64_t now,
            std::uint32_t longest, RandomStream& random) {
    const auto happens = [&](double chance) { return chance > 0 && random.bernoulli(chance); };
    if (happens(partition)) {
      const std::uint32_t side = random.below(1u << nodes);
      for (std::size_t a = 0; a < nodes; ++a)
        for (std::size_t b = 0; b < nodes; ++b)
          if ((side >> a & 1) != (side >> b & 1))
            cut_.insert({a, b});
      heals_at_ = now + random.below(longest);
    }
    if (happens(one_way)) {
      cut_.insert({random.below(nodes), random.below(nodes)});
      heals_at_ = now + random.below(longest);
    }
    if (now >= heals_at_)
      cut_.clear();
  }

  void mend_all() { cut_.clear(); }

private:
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::uint64_t heals_at_ = 0;
};

} // namespace stos::test

#pragma once

#include "libstos/image/cut.hpp"

#include <algorithm>
#include <cstddef>

namespace stos::test {

/// Whether two cuts have the same agents with the same images.
inline bool same_images(const detail::Cut& a, const detail::Cut& b) {
  bool same = a.images.size() == b.images.size();
  for (std::size_t i = 0; same && i < a.images.size(); ++i)
    same = a.images[i].agent == b.images[i].agent && std::ranges::equal(a.image(i), b.image(i));
  return same;
}

} // namespace stos::test

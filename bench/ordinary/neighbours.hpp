#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace stos::bench {

using Place = std::array<double, 3>;

/// The `count` nearest other places of each place, nearest first; about O(n) where places are
/// spread evenly over the cube from 0 to `side`.
[[nodiscard]] std::vector<std::vector<std::uint32_t>>
nearest_neighbours(const std::vector<Place>& places, double side, std::size_t count);

} // namespace stos::bench

#pragma once

#include "libstos/spacetime/space.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stos {

/// The place of a cell along a Hilbert curve. Cells that follow each other share a face.
struct CurveIndex {
  std::uint64_t high = 0, low = 0;

  friend auto operator<=>(const CurveIndex&, const CurveIndex&) = default;
};

inline constexpr int curve_bits_per_axis = 42; ///< three axes fill a CurveIndex

/// Where the curve through the cube of 2^bits cells along each axis comes to the cell `x`, which
/// has one coordinate for each of one to three axes. The curve begins at the origin; of the pairs,
/// blocks of four, ... into which it falls, each pair lies along the last axis or is turned.
/// @pre coordinates are below 2^bits, 0 < bits <= curve_bits_per_axis
/// Source: J. Skilling, "Programming the Hilbert curve", AIP Conf. Proc. 707 (2004).
[[nodiscard]] CurveIndex hilbert_index(std::span<const std::uint64_t> x, int bits);

/// All positions in the order of a Hilbert curve, those in one cell by index; times play no role.
///
/// The curve fills the box of the positions, or a rectangle or a line if they span fewer axes. It
/// halves the box where it is long: an axis that is shorter than the longest one, by a factor of
/// about 2^k, is halved k times less often. Where space is periodic, the box begins behind the
/// widest gap between coordinates, so that agents on both sides of a seam are neighbours.
/// Cells are 2^-42 of the longest axis. O(n log n).
/// @pre positions are finite
[[nodiscard]] std::vector<std::uint32_t> hilbert_order(std::span<const Point> positions,
                                                       const Space& space);

} // namespace stos

#include "libstos/cluster/placement/hilbert_curve.hpp"

#include "libstos/base/assert.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace stos {

// Works from the coarsest bit down. At each level the part of the curve in a cell of that size is a
// turned image of the whole; the finer bits are turned back at once, so that every level can be
// read in the same way. What then remains is a Gray code across axes.
static void turn_back(std::span<std::uint64_t> x, int bits) {
  for (std::uint64_t level = std::uint64_t{1} << (bits - 1); level > 1; level >>= 1) {
    const std::uint64_t finer = level - 1;
    for (std::uint64_t& axis : x)
      if ((axis & level) != 0) {
        x[0] ^= finer; // the image is mirrored
      } else {
        const std::uint64_t difference = (x[0] ^ axis) & finer;
        x[0] ^= difference; // the two axes are swapped
        axis ^= difference;
      }
  }
}

static void from_gray_code(std::span<std::uint64_t> x, int bits) {
  for (std::size_t i = 1; i < x.size(); ++i)
    x[i] ^= x[i - 1];
  std::uint64_t carried = 0; // from each level into all finer ones
  for (std::uint64_t level = std::uint64_t{1} << (bits - 1); level > 1; level >>= 1)
    if ((x.back() & level) != 0)
      carried ^= level - 1;
  for (std::uint64_t& axis : x)
    axis ^= carried;
}

CurveIndex hilbert_index(std::span<const std::uint64_t> x, int bits) {
  STOS_ASSERT(!x.empty() && x.size() <= 3 && bits > 0 && bits <= curve_bits_per_axis);
  std::array<std::uint64_t, 3> copy{};
  std::copy(x.begin(), x.end(), copy.begin());
  const std::span<std::uint64_t> digits(copy.data(), x.size());
  turn_back(digits, bits);
  from_gray_code(digits, bits);
  CurveIndex index;
  for (int bit = bits - 1; bit >= 0; --bit)
    for (const std::uint64_t axis : digits) {
      index.high = index.high << 1 | index.low >> 63;
      index.low = index.low << 1 | (axis >> bit & 1);
    }
  return index;
}

namespace {

struct Axis {
  std::vector<double> x; // from 0 up, in half light-seconds: differences cannot overflow
  double extent = 0;
};

} // namespace

// The end of the widest gap on a circle. @pre x is not empty, and within [0, period)
static double behind_widest_gap(std::vector<double> x, double period) {
  std::sort(x.begin(), x.end());
  double widest = x.front() + (period - x.back());
  double begin = x.front();
  for (std::size_t i = 1; i < x.size(); ++i)
    if (x[i] - x[i - 1] > widest) {
      widest = x[i] - x[i - 1];
      begin = x[i];
    }
  return begin;
}

static void unwrap(std::vector<double>& x, double period) {
  for (double& a : x) {
    a = std::fmod(a, period);
    if (a < 0)
      a += period;
    if (a >= period)
      a = 0;
  }
  const double begin = behind_widest_gap(x, period);
  for (double& a : x)
    if (a < begin)
      a += period;
}

static Axis axis_of(std::span<const Point> positions, const Space& space, std::size_t i) {
  Axis axis;
  axis.x.reserve(positions.size());
  for (const Point& p : positions)
    axis.x.push_back(p[i + 1] / 2);
  if (space.period(i) > 0)
    unwrap(axis.x, space.period(i) / 2);
  const auto [low, high] = std::minmax_element(axis.x.begin(), axis.x.end());
  const double begin = *low;
  axis.extent = *high - begin;
  for (double& a : axis.x)
    a -= begin;
  return axis;
}

// The axes that the positions span. The longest one comes first, the last one is halved last.
static std::vector<Axis> spanned_axes(std::span<const Point> positions, const Space& space) {
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < 3; ++i)
    if (Axis axis = axis_of(positions, space, i); axis.extent > 0)
      axes.push_back(std::move(axis));
  std::stable_sort(axes.begin(), axes.end(),
                   [](const Axis& a, const Axis& b) { return a.extent > b.extent; });
  return axes;
}

// Cells along an axis: 2^42 for the longest one, half of that for one of half its length, ...
static double cells_along(double extent, double longest) {
  double cells = static_cast<double>(std::uint64_t{1} << curve_bits_per_axis);
  constexpr double sqrt2 = 1.4142135623730951;
  for (; extent * sqrt2 < longest && cells > 1; extent *= 2)
    cells /= 2;
  return cells;
}

std::vector<std::uint32_t> hilbert_order(std::span<const Point> positions, const Space& space) {
  std::vector<std::uint32_t> order(positions.size());
  std::iota(order.begin(), order.end(), 0);
  if (positions.empty())
    return order;
  const std::vector<Axis> axes = spanned_axes(positions, space);
  if (axes.empty())
    return order;
  std::vector<double> cells;
  for (const Axis& axis : axes)
    cells.push_back(cells_along(axis.extent, axes.front().extent));
  std::vector<CurveIndex> index(positions.size());
  std::array<std::uint64_t, 3> cell{};
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t k = 0; k < axes.size(); ++k)
      cell[k] = static_cast<std::uint64_t>(
          std::min(axes[k].x[i] / axes[k].extent * cells[k], cells[k] - 1));
    index[i] = hilbert_index({cell.data(), axes.size()}, curve_bits_per_axis);
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return index[a] != index[b] ? index[a] < index[b] : a < b;
  });
  return order;
}

} // namespace stos

#include "libstos/model/grid.hpp"

#include "libstos/base/exact_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace stos {
namespace {

constexpr double row_height = 0.86602540378443864676; // sqrt(3) / 2, in steps

} // namespace

template <int D>
Grid<D>::Grid(const Counts& counts, const Shape& shape) : counts_(counts), shape_(shape) {
  if (!(shape.spacing > 0 && shape.spacing < std::numeric_limits<double>::infinity()))
    throw UsageError(Errc::bad_argument,
                     "the spacing of a grid is above 0, not " + exact_text(shape.spacing));
  std::uint64_t size = 1;
  for (const std::uint32_t count : counts) {
    if (count == 0)
      throw UsageError(Errc::bad_argument, "an axis of a grid has at least one place, not 0");
    size *= count;
    if (size > std::numeric_limits<std::uint32_t>::max())
      throw UsageError(Errc::bad_argument, "a grid has at most 2^32 - 1 places");
  }
  size_ = static_cast<std::uint32_t>(size);
  if (is_hexagonal() && D != 2)
    throw UsageError(Errc::bad_argument, "a hexagonal grid has two axes, not " + std::to_string(D));
  if (is_hexagonal() && shape.periodic && counts.back() % 2 != 0)
    throw UsageError(Errc::bad_argument,
                     "a periodic hexagonal grid has an even number of rows, not " +
                         std::to_string(counts.back()));
}

template <int D>
std::uint32_t Grid<D>::place(const Counts& coordinates) const {
  std::uint32_t place = 0;
  for (std::size_t axis = D; axis-- > 0;)
    place = place * counts_[axis] + coordinates[axis];
  return place;
}

template <int D>
auto Grid<D>::coordinates(std::uint32_t place) const -> Counts {
  Counts coordinates{};
  for (std::size_t axis = 0; axis < D; ++axis) {
    coordinates[axis] = place % counts_[axis];
    place /= counts_[axis];
  }
  return coordinates;
}

template <int D>
double Grid<D>::step_of(std::size_t axis) const {
  return shape_.spacing * (is_hexagonal() && axis == 1 ? row_height : 1);
}

template <int D>
auto Grid<D>::position(std::uint32_t place) const -> Position {
  const Counts at = coordinates(place);
  Position position{};
  for (std::size_t axis = 0; axis < D; ++axis)
    position[axis + 1] = at[axis] * step_of(axis);
  if (is_hexagonal() && at.back() % 2 != 0)
    position[1] += 0.5 * shape_.spacing;
  return position;
}

template <int D>
Space Grid<D>::space() const {
  if (!shape_.periodic)
    return {};
  std::array<double, 3> periods{};
  for (std::size_t axis = 0; axis < D; ++axis)
    periods[axis] = counts_[axis] * step_of(axis);
  return Space::torus(periods[0], periods[1], periods[2]);
}

template <int D>
std::vector<std::uint32_t> Grid<D>::neighbours(std::uint32_t place) const {
  const Counts own = coordinates(place);
  const bool odd_row = own.back() % 2 != 0;
  const auto is_wanted = [&](const std::array<int, 3>& step) {
    const int axes = std::abs(step[0]) + std::abs(step[1]) + std::abs(step[2]);
    if (axes == 0)
      return false;
    switch (shape_.neighbourhood) {
      case Neighbourhood::von_neumann: return axes == 1;
      case Neighbourhood::moore: return true;
      case Neighbourhood::hexagonal: return axes == 1 || step[0] == (odd_row ? 1 : -1);
    }
    return false;
  };
  const auto moved = [&](const std::array<int, 3>& step) -> std::optional<std::uint32_t> {
    Counts to{};
    for (std::size_t axis = 0; axis < D; ++axis) {
      const std::int64_t count = counts_[axis];
      const std::int64_t at = std::int64_t{own[axis]} + step[axis];
      if (!shape_.periodic && (at < 0 || at >= count))
        return std::nullopt;
      to[axis] = static_cast<std::uint32_t>((at + count) % count);
    }
    return this->place(to);
  };
  std::vector<std::uint32_t> all;
  for (int z = D > 2 ? -1 : 0; z <= (D > 2 ? 1 : 0); ++z)
    for (int y = D > 1 ? -1 : 0; y <= (D > 1 ? 1 : 0); ++y)
      for (int x = -1; x <= 1; ++x)
        if (is_wanted({x, y, z}))
          if (const auto neighbour = moved({x, y, z}); neighbour && *neighbour != place)
            all.push_back(*neighbour);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

template <int D>
std::vector<Edge> Grid<D>::edges() const {
  std::vector<Edge> all;
  for (std::uint32_t place = 0; place < size_; ++place)
    for (const std::uint32_t neighbour : neighbours(place))
      if (place < neighbour)
        all.push_back({place, neighbour});
  return all;
}

template class Grid<1>;
template class Grid<2>;
template class Grid<3>;

} // namespace stos

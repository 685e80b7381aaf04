#pragma once

#include "libstos/model/edge.hpp"
#include "libstos/spacetime/minkowski.hpp"
#include "libstos/spacetime/space.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stos {

/// Who is a neighbour of whom on a grid.
enum class Neighbourhood : std::uint8_t {
  von_neumann, ///< those one step away along one axis: 4 in the plane
  moore,       ///< those at most one step away along each axis: 8 in the plane
  hexagonal,   ///< in the plane: 6, all at the same distance. Odd rows are shifted by half a step
};

/// Places on a line, in a plane or in space, at equal distances: a lattice of `D` axes.
///
/// Places have numbers from 0, along the first axis first. In a periodic grid the last place of a
/// row is a neighbour of its first one; set the simulation's space to space() then, so that light
/// knows of it, too.
/// @code
///   const Grid<2> grid({100, 100}, {.spacing = 0.5, .periodic = true});
///   MySimulation::space(grid.space());
///   std::vector<Cell*> cells;
///   for (std::uint32_t i = 0; i < grid.size(); ++i)
///     cells.push_back(new Cell(grid.position(i)));
///   connect(cells, grid.edges());
/// @endcode
///
/// Distances: light takes `spacing` to the next place along an axis, and sqrt(2) times that to one
///            across a corner of a square. Of a SynchronousAgent neither can be seen.
/// Errors:    UsageError (bad_argument): an axis without places, more than 2^32 - 1 places in all,
/// a
///            spacing that is not above 0; hexagonal other than in the plane, or periodic with an
///            odd number of rows.
template <int D>
class Grid {
  static_assert(D >= 1 && D <= 3, "stos: a grid has one, two or three axes");

public:
  using Counts = std::array<std::uint32_t, static_cast<std::size_t>(D)>;
  using Position = Minkowski<D + 1>;

  struct Shape {
    double spacing = 1;
    bool periodic = false;
    Neighbourhood neighbourhood = Neighbourhood::moore;
  };

  explicit Grid(const Counts& counts) : Grid(counts, Shape{}) {}
  Grid(const Counts& counts, const Shape& shape);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  /// The number of the place with these coordinates. @pre each is below the count of its axis
  [[nodiscard]] std::uint32_t place(const Counts& coordinates) const;
  [[nodiscard]] Counts coordinates(std::uint32_t place) const;

  /// Where the place is, at laboratory time 0.
  [[nodiscard]] Position position(std::uint32_t place) const;

  /// The space that closes upon itself as the grid does; an endless one if it is not periodic.
  [[nodiscard]] Space space() const;

  /// The neighbours of a place, each once, in the order of their numbers.
  [[nodiscard]] std::vector<std::uint32_t> neighbours(std::uint32_t place) const;

  /// All pairs of neighbours, in order.
  [[nodiscard]] std::vector<Edge> edges() const;

private:
  [[nodiscard]] bool is_hexagonal() const {
    return shape_.neighbourhood == Neighbourhood::hexagonal;
  }
  [[nodiscard]] double step_of(std::size_t axis) const;

  Counts counts_;
  Shape shape_;
  std::uint32_t size_ = 1;
};

extern template class Grid<1>;
extern template class Grid<2>;
extern template class Grid<3>;

} // namespace stos

#include "bench/ordinary/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stos::bench {
namespace {

/// Places by the cell of a regular grid that they are in, about two a cell.
class Cells {
public:
  Cells(const std::vector<Place>& places, double side)
      : places_(places), n_(std::max(1, static_cast<int>(std::cbrt(places.size() / 2.0)))),
        width_(side / n_), cells_(static_cast<std::size_t>(n_) * n_ * n_) {
    for (std::uint32_t i = 0; i < places.size(); ++i)
      cells_[index(coordinates(places[i]))].push_back(i);
  }

  [[nodiscard]] std::vector<std::uint32_t> nearest(std::uint32_t self, std::size_t count) const {
    count = std::min(count, places_.size() - 1);
    std::vector<std::pair<double, std::uint32_t>> found;
    for (int radius = 1;; radius *= 2) {
      found.clear();
      collect(self, radius, found);
      // What is further away than the nearest wall of the searched cube may have been missed.
      std::ranges::sort(found);
      if (radius >= n_ || (found.size() >= count && found[count - 1].first <= radius * width_))
        break;
    }
    std::vector<std::uint32_t> neighbours;
    for (std::size_t i = 0; i < count; ++i)
      neighbours.push_back(found[i].second);
    return neighbours;
  }

private:
  using Coordinates = std::array<int, 3>;

  [[nodiscard]] Coordinates coordinates(const Place& place) const {
    Coordinates c{};
    for (std::size_t axis = 0; axis < 3; ++axis)
      c[axis] = std::clamp(static_cast<int>(place[axis] / width_), 0, n_ - 1);
    return c;
  }
  [[nodiscard]] std::size_t index(const Coordinates& c) const {
    return static_cast<std::size_t>(c[0]) +
           static_cast<std::size_t>(n_) *
               (static_cast<std::size_t>(c[1]) +
                static_cast<std::size_t>(n_) * static_cast<std::size_t>(c[2]));
  }

  void collect(std::uint32_t self, int radius,
               std::vector<std::pair<double, std::uint32_t>>& found) const {
    const Coordinates centre = coordinates(places_[self]);
    const auto low = [&](std::size_t axis) { return std::max(0, centre[axis] - radius); };
    const auto high = [&](std::size_t axis) { return std::min(n_ - 1, centre[axis] + radius); };
    for (int z = low(2); z <= high(2); ++z)
      for (int y = low(1); y <= high(1); ++y)
        for (int x = low(0); x <= high(0); ++x)
          for (const std::uint32_t other : cells_[index({x, y, z})])
            if (other != self)
              found.emplace_back(distance(places_[self], places_[other]), other);
  }

  static double distance(const Place& a, const Place& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  }

  const std::vector<Place>& places_;
  int n_;
  double width_;
  std::vector<std::vector<std::uint32_t>> cells_;
};

} // namespace

std::vector<std::vector<std::uint32_t>> nearest_neighbours(const std::vector<Place>& places,
                                                           double side, std::size_t count) {
  const Cells cells(places, side);
  std::vector<std::vector<std::uint32_t>> all;
  for (std::uint32_t i = 0; i < places.size(); ++i)
    all.push_back(cells.nearest(i, count));
  return all;
}

} // namespace stos::bench

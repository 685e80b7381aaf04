#pragma once

#include "libstos/model/grid.hpp"
#include "libstos/model/synchronous_agent.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stos {

/// One who walks in the plane of a Habitat: where it is, and what it is.
template <class W>
struct Walker {
  std::uint64_t id = 0; ///< names it, for as long as it lives
  std::array<double, 2> at{};
  W is{};

  template <class Inspector>
  friend bool inspect(Inspector& f, Walker& x) {
    return f.object(x).fields(f.field("id", x.id), f.field("at", x.at), f.field("is", x.is));
  }
};

/// One whom a walker sees: `x`, `y` is the way there, `distance` its length.
template <class W>
struct Neighbour {
  const Walker<W>* walker;
  double x;
  double y;
  double distance;
};

/// The part of a Habitat that moves along: one field of its `inspect`, beside `steps`.
template <class W>
struct HabitatState {
  std::vector<Walker<W>> walkers; ///< who are here, in the order of their ids
  std::vector<std::uint32_t> neighbours;
  std::array<std::uint32_t, 2> counts{1, 1};
  double cell = 1;
  bool periodic = false;
  std::uint32_t place = 0;
  std::uint32_t births = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, HabitatState& x) {
    return f.object(x).fields(f.field("walkers", x.walkers), f.field("neighbours", x.neighbours),
                              f.field("counts", x.counts), f.field("cell", x.cell),
                              f.field("periodic", x.periodic), f.field("place", x.place),
                              f.field("births", x.births));
  }
};

/// A square region of a plane in which walkers meet each other: an agent that keeps those who are
/// in it, shows them to its eight neighbours, and hands on who leaves. Walkers are values, no
/// agents: there may be many.
/// @code
///   struct Meadow : Habitat<Meadow, MySimulation, Sheep> {
///     using Habitat::Habitat;
///     void move(Walker<Sheep>& self, const Sight& sight) {
///       for (const Neighbour<Sheep>& other : sight.within(1.5)) ...
///       self.at[0] += random().uniform(-1, 1);
///     }
///     template <class Inspector>
///     friend bool inspect(Inspector& f, Meadow& x) {
///       return f.object(x).fields(f.field("steps", x.steps), f.field("habitat", x.habitat));
///     }
///   };
///   ... const auto meadows = Meadow::make({20, 20}, {.cell = 2, .periodic = true});
///   ... Meadow::settle(meadows, {3.5, 7}, Sheep{}) ...
/// @endcode
/// `move(walker, sight)` is called for each walker in each step, and changes it. A `move` that
/// returns bool says whether the walker lives on.
///
/// Sees:    all walkers as they were at the end of the step before, wherever they are: the order in
///          which they move plays no part. A step has two phases, to show and to move; what is seen
///          is one phase old.
/// Order:   within a region walkers move in the order of their ids, with the random stream of their
///          region; sight lists them in that order, too.
/// Units:   the cell is in light-seconds, like positions. In the periodic plane positions are kept
///          within it, and sight goes over the edge; in another one walkers stay within it.
/// Errors:  as UsageError (bad_argument): sight beyond a cell, a walker that goes further than to a
///          neighbouring region in one step, or to no number; a phase shorter than light takes to a
///          neighbouring region (see SynchronousAgent), which is sqrt(2) cells.
template <class Derived, class Simulation, class W>
class Habitat : public SynchronousAgent<Derived, Simulation, std::vector<Walker<W>>> {
  using Base = SynchronousAgent<Derived, Simulation, std::vector<Walker<W>>>;

public:
  static_assert(Simulation::SpaceTime::dimensions == 3, "stos: a Habitat is a plane: Minkowski<3>");

  using Inbox = typename Base::Inbox;
  using SynchronousAgent<Derived, Simulation, std::vector<Walker<W>>>::SynchronousAgent;

  struct Shape {
    double cell = 1; ///< the width of a region, and the furthest that walkers see
    bool periodic = false;
    double period = 4; ///< of a step; its two phases must each be longer than sqrt(2) cells
  };

  HabitatState<W> habitat;

  /// During set-up: the regions of a plane, so many in a row and so many rows.
  static std::vector<Derived*> make(const std::array<std::uint32_t, 2>& counts,
                                    const Shape& shape) {
    const Grid<2> grid(counts, {.spacing = shape.cell, .periodic = shape.periodic});
    const std::vector<Derived*> regions = Base::make(grid, {.period = shape.period, .phases = 2});
    for (std::uint32_t place = 0; place < grid.size(); ++place) {
      HabitatState<W>& state = regions[place]->habitat;
      state.counts = counts;
      state.cell = shape.cell;
      state.periodic = shape.periodic;
      state.place = place;
    }
    for (const Edge& edge : grid.edges()) {
      regions[edge.a]->habitat.neighbours.push_back(edge.b);
      regions[edge.b]->habitat.neighbours.push_back(edge.a);
    }
    return regions;
  }

  /// During set-up: one more walker, in the region where it is.
  static void settle(const std::vector<Derived*>& regions, const std::array<double, 2>& at,
                     const W& is) {
    Habitat& any = *regions.front();
    std::array<double, 2> within = at;
    Habitat& region = *regions[any.region_of(within)];
    region.add(within, is);
  }

  /// In move(): one more walker, from the next step on. It must be in this region or next to it.
  void add(const std::array<double, 2>& at, const W& is) {
    const std::uint64_t id = (std::uint64_t{habitat.place} + 1) << 32 | habitat.births++;
    added_.push_back({id, at, is});
    if (!is_moving_) {
      habitat.walkers.push_back(added_.back());
      added_.clear();
    }
  }

  /// What a walker sees: all whom move() may ask for.
  class Sight {
  public:
    /// The others at most so far away, in the order of their ids. `radius` is at most a cell.
    [[nodiscard]] std::vector<Neighbour<W>> within(double radius) const {
      if (!(radius <= region_.habitat.cell))
        throw UsageError(Errc::bad_argument, "sight of " + exact_text(radius) +
                                                 ", which reaches beyond a cell of " +
                                                 exact_text(region_.habitat.cell));
      std::vector<Neighbour<W>> near;
      for (const Walker<W>& other : all_) {
        const double x = region_.way(0, from_.at[0], other.at[0]);
        const double y = region_.way(1, from_.at[1], other.at[1]);
        const double distance = std::sqrt(x * x + y * y);
        if (distance <= radius && other.id != from_.id)
          near.push_back({&other, x, y, distance});
      }
      return near;
    }

  private:
    friend class Habitat;
    Sight(const Habitat& region, const std::vector<Walker<W>>& all, const Walker<W>& from)
        : region_(region), all_(all), from_(from) {}

    const Habitat& region_;
    const std::vector<Walker<W>>& all_;
    const Walker<W>& from_;
  };

  /// For SynchronousAgent.
  void step(const Inbox& told) {
    if (this->phase() == 0)
      show(told);
    else
      move_all(told);
  }

private:
  static void put_in_order(std::vector<Walker<W>>& walkers) {
    std::sort(walkers.begin(), walkers.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
  }

  // Who has come in the step before is here now.
  void show(const Inbox& told) {
    for (const auto& [from, arrived] : told)
      habitat.walkers.insert(habitat.walkers.end(), arrived.begin(), arrived.end());
    put_in_order(habitat.walkers);
    this->tell_neighbours(habitat.walkers);
  }

  void move_all(const Inbox& told) {
    std::vector<Walker<W>> all = habitat.walkers;
    for (const auto& [from, seen] : told)
      all.insert(all.end(), seen.begin(), seen.end());
    put_in_order(all);
    std::vector<Walker<W>> moved;
    is_moving_ = true;
    for (const Walker<W>& walker : habitat.walkers) {
      Walker<W> self = walker;
      if (lives_on(self, Sight(*this, all, walker)))
        moved.push_back(self);
    }
    is_moving_ = false;
    moved.insert(moved.end(), added_.begin(), added_.end());
    added_.clear();
    habitat.walkers.clear();
    std::vector<std::vector<Walker<W>>> leaving(habitat.neighbours.size());
    for (Walker<W>& walker : moved)
      home_of(walker, leaving).push_back(walker);
    for (std::size_t i = 0; i < leaving.size(); ++i)
      if (!leaving[i].empty())
        this->tell(this->steps.neighbours[i], leaving[i]);
  }

  bool lives_on(Walker<W>& self, const Sight& sight) {
    auto& derived = static_cast<Derived&>(*this);
    if constexpr (std::is_same_v<bool, decltype(derived.move(self, sight))>) {
      return derived.move(self, sight);
    } else {
      derived.move(self, sight);
      return true;
    }
  }

  std::vector<Walker<W>>& home_of(Walker<W>& walker, std::vector<std::vector<Walker<W>>>& leaving) {
    const std::array<double, 2> wanted = walker.at;
    const std::uint32_t region = region_of(walker.at);
    if (region == habitat.place)
      return habitat.walkers;
    const auto found = std::find(habitat.neighbours.begin(), habitat.neighbours.end(), region);
    if (found == habitat.neighbours.end())
      throw UsageError(Errc::bad_argument,
                       "walker " + std::to_string(walker.id) + " goes to " + exact_text(wanted[0]) +
                           ", " + exact_text(wanted[1]) +
                           " in one step, which is beyond the regions next to its own: let "
                           "cells be as wide as the longest step");
    return leaving[static_cast<std::size_t>(found - habitat.neighbours.begin())];
  }

  // Puts `at` into the plane.
  std::uint32_t region_of(std::array<double, 2>& at) const {
    std::array<std::uint32_t, 2> region{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const double size = habitat.counts[axis] * habitat.cell;
      if (!(std::fabs(at[axis]) < 1e300))
        throw UsageError(Errc::bad_argument, "a walker goes to " + exact_text(at[axis]) +
                                                 ", which is no place in the plane");
      if (habitat.periodic)
        at[axis] -= std::floor(at[axis] / size) * size;
      at[axis] = std::clamp(at[axis], 0.0, std::nextafter(size, 0.0));
      region[axis] =
          std::min(static_cast<std::uint32_t>(at[axis] / habitat.cell), habitat.counts[axis] - 1);
    }
    return region[1] * habitat.counts[0] + region[0];
  }

  [[nodiscard]] double way(std::size_t axis, double from, double to) const {
    const double way = to - from;
    const double size = habitat.counts[axis] * habitat.cell;
    return habitat.periodic ? way - std::floor(way / size + 0.5) * size : way;
  }

  std::vector<Walker<W>> added_; // in the course of a move
  bool is_moving_ = false;
};

} // namespace stos

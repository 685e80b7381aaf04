#pragma once

#include "libstos/base/random.hpp"
#include "libstos/cluster/placement/placement.hpp"
#include "support/numbers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stos::test {

/// What a PlacementInput borrows from.
struct Surroundings {
  std::vector<Point> positions;
  std::vector<PlacementInput::Link> channels;
  std::vector<std::uint32_t> loads;
  Space space;

  [[nodiscard]] PlacementInput input(std::size_t nodes) const {
    PlacementInput in;
    in.positions = positions;
    in.channels = channels;
    in.loads = loads;
    in.space = space;
    in.nodes = nodes;
    return in;
  }
};

/// A periodic lattice as examples/lattice.cpp makes it: six channels from each site.
inline Surroundings lattice(std::uint32_t nx, std::uint32_t ny, std::uint32_t nz) {
  Surroundings world;
  world.space = Space::torus(nx, ny, nz);
  for (std::uint32_t i = 0; i < nx * ny * nz; ++i) {
    const std::uint32_t x = i % nx, y = i / nx % ny, z = i / nx / ny;
    world.positions.emplace_back(0, x, y, z);
    const auto connect = [&](std::uint32_t a, std::uint32_t b, std::uint32_t c) {
      world.channels.push_back({i, a % nx + nx * (b % ny + ny * (c % nz))});
    };
    connect(x + 1, y, z);
    connect(x + nx - 1, y, z);
    connect(x, y + 1, z);
    connect(x, y + ny - 1, z);
    connect(x, y, z + 1);
    connect(x, y, z + nz - 1);
  }
  return world;
}

inline Placement placed(std::string_view name, const PlacementInput& input) {
  const auto function = placement_by_name(name);
  REQUIRE(function);
  const auto placement = place(*function, input);
  REQUIRE(placement);
  return *placement;
}

/// The load of each node, with 1 for each agent where the input has no loads.
inline PerNode<double> node_loads(const PlacementInput& input, const Placement& placement) {
  PerNode<double> sums(input.nodes);
  for (std::size_t i = 0; i < placement.size(); ++i)
    sums[placement[i]] += input.loads.empty() ? 1 : input.loads[i];
  return sums;
}

/// By how much the worst node exceeds its fair load, as a share of it; and in units of load.
struct Excess {
  double share = 0;
  double load = 0;
};

inline Excess excess_of(const PlacementInput& input, const Placement& placement) {
  const PerNode<double> sums = node_loads(input, placement);
  double load = 0;
  double capacity = 0;
  for (const NodeIndex node : Indices<NodeIndex>(input.nodes)) {
    load += sums[node];
    capacity += input.capacity.empty() ? 1 : input.capacity[node];
  }
  Excess worst;
  for (const NodeIndex node : Indices<NodeIndex>(input.nodes)) {
    const double fair = load * (input.capacity.empty() ? 1 : input.capacity[node]) / capacity;
    worst.load = std::max(worst.load, sums[node] - fair);
    if (sums[node] > 0)
      worst.share = std::max(worst.share, sums[node] / fair - 1); // infinite without a capacity
  }
  return worst;
}

/// Up to 400 agents: scattered, in clusters, on a line or all in one place; with channels between
/// neighbours, at random, many times the same, to themselves, or none; perhaps with loads.
inline Surroundings random_surroundings(RandomStream& random) {
  Surroundings world;
  const std::uint32_t agents = random.below(400);
  const std::uint32_t shape = random.below(4);
  const double scale = random.bernoulli(0.2) ? 1e300 : 10;
  if (random.bernoulli(0.3))
    world.space = Space::torus(scale, random.bernoulli(0.5) ? 0 : scale * 3, scale);
  for (std::uint32_t i = 0; i < agents; ++i) {
    const auto coordinate = [&] { return shape == 3 ? 1 : random.uniform(-scale, scale); };
    Point p(0, coordinate(), shape == 2 ? 0 : coordinate(), shape == 2 ? 0 : coordinate());
    if (shape == 1 && i > 0 && random.bernoulli(0.9))
      p = world.positions[random.below(i)];
    world.positions.push_back(p);
  }
  const std::uint32_t channels =
      agents == 0 || random.bernoulli(0.2) ? 0 : random.below(3 * agents);
  for (std::uint32_t k = 0; k < channels; ++k) {
    const std::uint32_t from = random.below(agents);
    const std::uint32_t to =
        random.bernoulli(0.8) ? (from + random.below(3)) % agents : random.below(agents);
    world.channels.push_back({from, to, random.bernoulli(0.1) ? 0xffffffff : random.below(4)});
  }
  if (random.bernoulli(0.5))
    for (std::uint32_t i = 0; i < agents; ++i)
      world.loads.push_back(random.bernoulli(0.05) ? random.below(1000) : random.below(20));
  return world;
}

inline PerNode<double> random_capacity(RandomStream& random, std::size_t nodes) {
  PerNode<double> capacity;
  if (random.bernoulli(0.5))
    return capacity;
  for (std::size_t node = 0; node < nodes; ++node)
    capacity.push_back(node > 0 && random.bernoulli(0.2) ? 0 : random.uniform(0.5, 4));
  return capacity;
}

} // namespace stos::test

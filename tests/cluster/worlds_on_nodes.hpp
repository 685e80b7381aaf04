#pragma once

#include "tests/support/random_world.hpp"
#include "tests/support/shuffled_domains.hpp"
#include "tests/support/unusual_world.hpp"
#include "tests/support/virtual_cluster.hpp"

#include <cstdint>
#include <memory>

namespace stos::test {

// The worlds of plans for a VirtualCluster: each node sets one up.

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

template <int ReactionTenths>
std::unique_ptr<Simulation> set_up(const WorldPlan& plan, const RunOptions& options) {
  auto simulation = std::make_unique<Simulation>(options);
  const auto scope = simulation->set_up();
  populate<Simulation, ReactionTenths>(plan);
  return simulation;
}

inline std::unique_ptr<Simulation> set_up(const WorldPlan& plan) {
  RunOptions options;
  options.seed = plan.seed;
  return plan.seed % 3 == 0 ? set_up<2>(plan, options) : set_up<0>(plan, options);
}

using UnusualSimulation = ForwardSimulation<Minkowski<4>, ShuffledDomains, UnusualBoundary>;

template <int ReactionQuarters>
std::unique_ptr<UnusualSimulation> set_up(const UnusualPlan& plan, const RunOptions& options) {
  auto simulation = std::make_unique<UnusualSimulation>(options);
  const auto scope = simulation->set_up();
  populate<UnusualSimulation, ReactionQuarters>(plan);
  return simulation;
}

inline std::unique_ptr<UnusualSimulation> set_up(const UnusualPlan& plan) {
  RunOptions options;
  options.seed = plan.seed;
  return plan.seed % 5 == 0 ? set_up<1>(plan, options) : set_up<0>(plan, options);
}

inline LabTimeBoundary boundary_of(const WorldPlan& plan) { return plan.end_time; }
inline UnusualBoundary boundary_of(const UnusualPlan& plan) { return UnusualBoundary(plan); }

// Few or many nodes and domains, and sometimes hardly anything fits into a frame.
inline VirtualCluster::Shape shape_of(std::uint64_t choice) {
  VirtualCluster::Shape shape;
  shape.nodes = 2 + choice % 4;
  shape.domains = 1 + choice / 4 % 2;
  if (choice / 8 % 4 == 0)
    shape.limits = {40, 200}; // a lambda or two in a frame, a few frames under way
  return shape;
}

} // namespace stos::test

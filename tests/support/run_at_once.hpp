#pragma once

#include "libstos/world/run_summary.hpp"

namespace stos::test {

/// How a simulation that is set up is run.
struct RunAtOnce {
  template <class Simulation, class Boundary>
  RunSummary operator()(Simulation& simulation, Boundary boundary) const {
    return simulation.run(boundary);
  }
};

} // namespace stos::test

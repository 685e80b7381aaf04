#pragma once

#include "libstos/world/cell.hpp"

#include <vector>

namespace stos {

class World;

namespace detail {

struct Closure;

/// A world that goes on from a laboratory time: what an engine takes in instead of the effects of a
/// set-up.
struct Resumption {
  struct Waiting {
    Closure* lambda;
    double absorption;
  };

  double time = 0;               ///< nothing happens before it
  std::vector<Cell*> agents;     ///< who live, by their ids
  std::vector<Cell*> departed;   ///< records of those who do not, and to whom something leads
  std::vector<Channel*> opened;  ///< by their writers
  std::vector<Channel*> retired; ///< closed ones, while lambdas that came on them wait
  std::vector<Channel*> held;    ///< of references in transit
  std::vector<Waiting> lambdas;  ///< for the agents, in their order
};

/// Frees the agents, channels and lambdas of a world that will not go on. Of an agent that was not
/// made yet there may be the record alone; a channel has as many owners as there are ends of it.
void free_all(Resumption& resumption, World& world);

} // namespace detail
} // namespace stos

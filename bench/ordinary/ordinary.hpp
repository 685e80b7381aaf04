#pragma once

#include "libstos/stos.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace stos::bench {

/// The workloads here are models as people bring them, where bench/stos_bench has those that
/// libstos was made for: agents in one place, agents that move, everybody at whole seconds, a star,
/// everybody with everybody, walkers on a grid, queues.
using OrdinarySimulation = ForwardSimulation<Minkowski<4>, ThreadPool<2>>;

/// What a workload is made of. Not every workload looks at everything.
struct Load {
  std::uint32_t agents = 1000;
  std::uint32_t group = 2; ///< agents in one place; 0: all of them
  double apart = 0;        ///< light-seconds between the agents of a group
  double speed = 0;        ///< of groups that fly together, in x direction
  double jitter = 0;       ///< ticks are 1 to 1 + jitter seconds apart
  std::uint64_t seed = 1;
};

struct OrdinaryWorkload {
  const char* name;
  const char* meaning;

  /// About how many events one agent takes in one second.
  double (*rate)(const Load&);

  /// Shortest run that says something.
  double end_time_s_min;

  /// Creates the agents, in the scope of a simulation.
  void (*build)(const Load&);

  std::uint32_t agents_max = 1'000'000; ///< more do not fit into memory or patience
};

/// In the order in which they are shown.
[[nodiscard]] const std::vector<OrdinaryWorkload>& ordinary_workloads();

/// Null if there is none of that name.
[[nodiscard]] const OrdinaryWorkload* find_workload(const std::string& name);

/// For which `load` executes about `events`.
[[nodiscard]] double end_time_for(const OrdinaryWorkload& workload, const Load& load,
                                  double events);

// Creators and rates of the single workloads; each has a source file of its own.
void build_colocated(const Load& load);
void build_moving(const Load& load);
void build_whole_seconds(const Load& load);
void build_hub(const Load& load);
void build_all_to_all(const Load& load);
void build_grid_model(const Load& load);
void build_queueing(const Load& load);

} // namespace stos::bench

#include "bench/ordinary/ordinary.hpp"

#include <algorithm>

namespace stos::bench {
namespace {

double two(const Load&) { return 2; }
double as_many_as_agents(const Load& load) { return load.agents; }
double of_walkers(const Load&) { return 1.1; }
double of_stations(const Load&) { return 1.8; }

} // namespace

const std::vector<OrdinaryWorkload>& ordinary_workloads() {
  static const std::vector<OrdinaryWorkload> all{
      {"colocated", "groups of agents in one place, who tick and tell the next one", &two, 5,
       &build_colocated},
      {"moving", "a gas in a wide box, whose agents turn and tell their neighbours", &two, 5,
       &build_moving},
      {"whole_seconds", "all tick at whole seconds, at distances from 1/64 to 4", &two, 5,
       &build_whole_seconds},
      {"hub", "a star: each spoke asks the hub, which answers", &two, 20, &build_hub},
      {"all_to_all", "each agent tells all others", &as_many_as_agents, 1, &build_all_to_all, 2000},
      {"grid_model", "places on a grid, and walkers who visit them and feed", &of_walkers, 5,
       &build_grid_model},
      {"queueing", "stations, and customers who wait there: a closed Jackson network", &of_stations,
       5, &build_queueing},
  };
  return all;
}

const OrdinaryWorkload* find_workload(const std::string& name) {
  for (const OrdinaryWorkload& workload : ordinary_workloads())
    if (workload.name == name)
      return &workload;
  return nullptr;
}

double end_time_for(const OrdinaryWorkload& workload, const Load& load, double events) {
  return std::max(workload.end_time_s_min, std::ceil(events / (workload.rate(load) * load.agents)));
}

} // namespace stos::bench

#include "bench/stos_bench/footprint.hpp"

#include "bench/stos_bench/child_process.hpp"
#include "bench/stos_bench/stopwatch.hpp"
#include "libstos/stos.hpp"

#include <memory>

namespace stos::bench {
namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ThreadPool<1>>;

// An agent that has nothing to do, but could be sent something at any moment.
class Bystander : public Agent<Bystander, Simulation> {
public:
  using Agent::Agent;

  std::array<ChannelWriter<Bystander>, 6> neighbours;
};

struct Observations {
  double first_event_s = 0;
  double last_event_s = 0;
  std::size_t resident = 0;
};

std::vector<Bystander*> create_crowd(const Model& model) {
  const Grid grid = grid_of(model);
  const std::vector<Offset> offsets = offsets_of(model);
  Simulation::space(Space::torus(grid.nx, grid.ny, grid.nz));
  std::vector<Bystander*> agents(model.sites);
  for (std::uint32_t i = 0; i < model.sites; ++i) {
    const auto [x, y, z] = grid.place(i);
    agents[i] = new Bystander({0, x, y, z});
  }
  for (std::uint32_t i = 0; i < model.sites; ++i)
    for (std::size_t k = 0; k < offsets.size(); ++k)
      agents[i]->neighbours[k] = ChannelWriter(*agents[i], *agents[grid.neighbour(i, offsets[k])]);
  return agents;
}

Footprint observe(std::uint32_t sites, RunOptions options) {
  options.workers = 1;
  options.serial = false;
  options.end_time_s.reset();
  options.progress = ProgressMode::never;
  const std::size_t before = resident_bytes();
  Observations seen;
  const Stopwatch stopwatch;
  auto simulation = std::make_unique<Simulation>(std::move(options));
  {
    const auto scope = simulation->set_up();
    Bystander& observer = *create_crowd({.sites = sites})[sites / 2];
    observer.after_local(0, [&](Bystander&) { seen.first_event_s = stopwatch.seconds(); });
    observer.after_local(0.5, [&](Bystander&) {
      seen.resident = resident_bytes();
      seen.last_event_s = stopwatch.seconds();
    });
  }
  simulation->run(1);
  simulation.reset();
  return {static_cast<double>(seen.resident - before) / sites, seen.first_event_s,
          stopwatch.seconds() - seen.last_event_s};
}

} // namespace

Result<Footprint> measure_footprint(std::uint32_t agents, const RunOptions& options) {
  return in_child<Footprint>([&] { return observe(agents, options); });
}

std::vector<Verdict> verdicts_of(const std::vector<Footprint>& footprints, std::uint32_t agents) {
  const auto median_of = [&](double Footprint::*value) {
    std::vector<double> values;
    for (const Footprint& footprint : footprints)
      values.push_back(footprint.*value);
    return median(values);
  };
  const std::string name = "idle lattice " + short_number(agents);
  return {
      {name, "1", "bytes per agent", median_of(&Footprint::bytes_per_agent), 1000, 500},
      {name, "1", "seconds to create and wire", median_of(&Footprint::create_s), 5, 1},
      {name, "1", "seconds to delete", median_of(&Footprint::delete_s), 5, 1},
  };
}

} // namespace stos::bench

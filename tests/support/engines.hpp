#pragma once

#include "libstos/stos.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// One way to execute a model.
struct EngineChoice {
  std::string name;
  RunOptions options;
};

/// The serial engine, and 1, 2 and 4 workers. `domains_per_worker` says how finely agents are
/// spread over groups: with many, neighbours hardly ever share one.
inline std::vector<EngineChoice> every_engine(const RunOptions& base = {},
                                              std::uint32_t domains_per_worker = 1) {
  std::vector<EngineChoice> engines{{"serial", base}};
  engines.back().options.serial = true;
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    engines.push_back({std::to_string(workers) + " workers", base});
    engines.back().options.workers = workers;
    engines.back().options.domains_per_worker = domains_per_worker;
  }
  for (EngineChoice& engine : engines)
    engine.options.progress = ProgressMode::never;
  return engines;
}

/// Fills a simulation of type `Simulation` by `set_up()` and runs it to `end_time`.
template <class Simulation, class SetUp>
RunSummary run_world(const RunOptions& options, double end_time, SetUp&& set_up) {
  Simulation simulation(options);
  {
    const auto scope = simulation.set_up();
    set_up();
  }
  return simulation.run(end_time);
}

/// Runs `model(options)`, which returns the RunSummary and CHECKs its own results (after the run:
/// Catch2 belongs to one thread), on each engine. All must count the same and have one digest, and
/// no lambda may get lost.
template <class Model>
void on_every_engine(Model&& model, const RunOptions& base = {},
                     std::uint32_t domains_per_worker = 1) {
  RunSummary oracle;
  for (const EngineChoice& engine : every_engine(base, domains_per_worker)) {
    INFO("engine: " << engine.name);
    const RunSummary run = model(engine.options);
    CHECK(run.sent == run.absorbed + run.in_flight + run.dropped);
    if (oracle.engine.empty())
      oracle = run;
    CHECK(run.digest.to_string() == oracle.digest.to_string());
    CHECK(run.value_digest().to_string() == oracle.value_digest().to_string());
    CHECK(run.agents_born == oracle.agents_born);
    CHECK(run.agents_died == oracle.agents_died);
    CHECK(run.absorbed == oracle.absorbed);
    CHECK(run.in_flight == oracle.in_flight);
    CHECK(run.dropped == oracle.dropped);
    CHECK(run.last_event_time == oracle.last_event_time);
  }
}

} // namespace stos::test

#pragma once

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"
#include "tests/support/virtual_cluster.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stos::test {

/// How a run has ended: with a summary, or with a failure.
struct Ending {
  std::string where; ///< the engine
  RunSummary summary;
  std::optional<Error> failure;
};

namespace detail_of_everywhere {

template <class Run>
Ending ending_of(std::string where, Run&& run) {
  Ending ending{std::move(where), {}, {}};
  try {
    ending.summary = run();
  } catch (const SimulationError& e) {
    ending.summary = e.summary();
    ending.failure = e.error();
  }
  return ending;
}

template <class Simulation>
std::unique_ptr<Simulation> made(const RunOptions& options, const ShuffledDomains& engine,
                                 const auto& set_up) {
  auto simulation = std::make_unique<Simulation>(options, engine);
  const auto scope = simulation->set_up();
  set_up(*simulation);
  return simulation;
}

} // namespace detail_of_everywhere

/// Runs what `set_up(simulation)` makes on the serial engine, and on 1, 2 and 5 domains.
/// Simulation::Resource is ShuffledDomains.
template <class Simulation>
std::vector<Ending> endings_on_one_node(const typename Simulation::Boundary& boundary,
                                        const auto& set_up, const RunOptions& options = {}) {
  using namespace detail_of_everywhere;
  std::vector<Ending> endings;
  for (const std::size_t domains : {0U, 1U, 2U, 5U})
    endings.push_back(ending_of(std::to_string(domains) + " domains", [&] {
      return made<Simulation>(options, ShuffledDomains(domains, 7), set_up)->run(boundary);
    }));
  return endings;
}

/// The same, and on 2 and 3 nodes, once with agents that move where they can.
template <class Simulation>
std::vector<Ending> endings_everywhere(const typename Simulation::Boundary& boundary,
                                       const auto& set_up, const RunOptions& options = {}) {
  using namespace detail_of_everywhere;
  std::vector<Ending> endings = endings_on_one_node<Simulation>(boundary, set_up, options);
  for (const auto& [nodes, moves] : {std::pair(2U, 0.0), {3U, 0.0}, {2U, 0.2}})
    endings.push_back(ending_of(std::to_string(nodes) + " nodes", [&, n = nodes, m = moves] {
      std::vector<std::unique_ptr<Simulation>> simulations;
      std::vector<World*> worlds;
      for (std::size_t i = 0; i < n; ++i) {
        simulations.push_back(made<Simulation>(options, ShuffledDomains(), set_up));
        worlds.push_back(&simulations.back()->world());
        detail::set_boundary(*worlds.back(), boundary);
        worlds.back()->begin_run();
      }
      VirtualCluster::Shape shape;
      shape.nodes = n;
      shape.moves_chance = m;
      VirtualCluster cluster(shape, 3);
      return cluster.run(worlds, [n](std::size_t agent) { return agent % n; });
    }));
  return endings;
}

/// All have the outcome of the first one, which is returned.
template <class Simulation>
RunSummary same_everywhere(const typename Simulation::Boundary& boundary, const auto& set_up,
                           const RunOptions& options = {}) {
  const std::vector<Ending> endings = endings_everywhere<Simulation>(boundary, set_up, options);
  const RunSummary& oracle = endings.front().summary;
  for (const auto& [where, run, failure] : endings) {
    INFO(where);
    INFO((failure ? failure->context : "no failure"));
    CHECK_FALSE(failure);
    CHECK(run.digest.to_string() == oracle.digest.to_string());
    CHECK(run.agents_born == oracle.agents_born);
    CHECK(run.agents_died == oracle.agents_died);
    CHECK(run.sent == oracle.sent);
    CHECK(run.absorbed == oracle.absorbed);
    CHECK(run.in_flight == oracle.in_flight);
    CHECK(run.dropped == oracle.dropped);
    CHECK(run.last_event_time == oracle.last_event_time);
    CHECK(run.end_time == oracle.end_time);
    REQUIRE(run.reports.all().size() == oracle.reports.all().size());
    for (std::size_t i = 0; i < oracle.reports.all().size(); ++i) {
      CHECK(run.reports.all()[i].topic == oracle.reports.all()[i].topic);
      CHECK(run.reports.all()[i].agent == oracle.reports.all()[i].agent);
      CHECK(run.reports.all()[i].time == oracle.reports.all()[i].time);
      CHECK(run.reports.all()[i].value == oracle.reports.all()[i].value);
    }
  }
  return oracle;
}

/// All fail with `code` and one text, which contains `says`.
inline void all_fail(Errc code, const std::string& says, const std::vector<Ending>& endings) {
  for (const Ending& ending : endings) {
    INFO(ending.where);
    REQUIRE(ending.failure);
    CHECK(to_string(ending.failure->code) == to_string(code));
    CHECK_THAT(ending.failure->context, Catch::Contains(says));
    CHECK(ending.failure->context == endings.front().failure->context);
  }
}

template <class Simulation>
void fails_everywhere(Errc code, const std::string& says,
                      const typename Simulation::Boundary& boundary, const auto& set_up,
                      const RunOptions& options = {}) {
  all_fail(code, says, endings_everywhere<Simulation>(boundary, set_up, options));
}

} // namespace stos::test

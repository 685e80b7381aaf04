// Unusual worlds whose boundary is wrong for some of their agents: one error on all engines.

#include "support/shuffled_domains.hpp"
#include "support/unusual_world.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace stos;
using namespace stos::test;

namespace {

enum class Wrong : std::uint8_t { no_number, throws, past, exit_throws, nothing };

/// Right, except for agents that turn or are born under way.
class WrongBoundary {
public:
  WrongBoundary(const UnusualPlan& plan, Wrong wrong) : right_(plan), wrong_(wrong) {}

  [[nodiscard]] double end_time() const { return right_.end_time(); }

  [[nodiscard]] double exit_time(const Trajectory& path) const {
    if (path.anchor()[0] > 1) {
      switch (wrong_) {
        case Wrong::no_number: return std::numeric_limits<double>::quiet_NaN();
        case Wrong::throws: throw std::runtime_error("no way out");
        case Wrong::past: return path.anchor()[0] - 0.5;
        default: break;
      }
    }
    return right_.exit_time(path);
  }

  void at_exit(AgentBase& agent, const Point&) const {
    if (wrong_ == Wrong::exit_throws && agent.id().value % 3 == 2)
      throw std::runtime_error("the door is locked");
  }

private:
  UnusualBoundary right_;
  Wrong wrong_;
};

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains, WrongBoundary>;

// The error, or the outcome if nothing went wrong.
std::string outcome_of(const UnusualPlan& plan, Wrong wrong, ShuffledDomains resource) {
  RunOptions options;
  options.seed = plan.seed;
  Simulation simulation(options, std::move(resource));
  {
    const auto scope = simulation.set_up();
    populate<Simulation, 0>(plan);
  }
  try {
    return test::outcome_of(simulation.run(WrongBoundary(plan, wrong)));
  } catch (const SimulationError& error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("a boundary that is wrong somewhere in an unusual world is one error on all domains",
          "[.]") {
  std::uint64_t errors = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const UnusualPlan plan = unusual_plan_of(seed);
    for (const Wrong wrong : {Wrong::no_number, Wrong::throws, Wrong::past, Wrong::exit_throws}) {
      INFO("unusual world " << seed << ", fault " << static_cast<int>(wrong));
      const std::string expected = outcome_of(plan, wrong, {});
      errors += outcome_of(plan, Wrong::nothing, {}) != expected ? 1 : 0;
      for (const std::size_t domains : {1u, 2u, 5u}) {
        INFO("domains " << domains);
        CHECK(outcome_of(plan, wrong, ShuffledDomains(domains, seed + domains)) == expected);
      }
    }
  }
  CHECK(errors > 100);
}

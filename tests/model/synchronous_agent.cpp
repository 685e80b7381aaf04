#include "libstos/model/synchronous_agent.hpp"

#include "libstos/model/grid.hpp"
#include "tests/support/everywhere.hpp"

#include <map>
#include <set>

using namespace stos;
using namespace stos::test;

namespace {

using Line = ForwardSimulation<Minkowski<2>, ShuffledDomains>;
using Plane = ForwardSimulation<Minkowski<3>, ShuffledDomains>;

/// Rule 90: a cell becomes the exclusive or of its two neighbours.
struct Bit : SynchronousAgent<Bit, Line, bool> {
  using SynchronousAgent::SynchronousAgent;
  bool on = false;

  ~Bit() override {
    if (on)
      report("on", step_number());
  }
  void step(const Inbox& told) {
    if (step_number() > 0)
      on = false;
    for (const auto& [from, is_on] : told)
      on = on != is_on;
    tell_neighbours(on);
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Bit& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("on", x.on));
  }
};

/// The cells that are on after so many generations of a plain loop.
std::set<std::uint32_t> rule_90(std::uint32_t cells, std::uint32_t generations) {
  std::vector<bool> on(cells);
  on[cells / 2] = true;
  for (; generations > 0; --generations) {
    std::vector<bool> next(cells);
    for (std::uint32_t i = 0; i < cells; ++i)
      next[i] = on[(i + 1) % cells] != on[(i + cells - 1) % cells];
    on = next;
  }
  std::set<std::uint32_t> all;
  for (std::uint32_t i = 0; i < cells; ++i)
    if (on[i])
      all.insert(i);
  return all;
}

void ring_of_bits(std::uint32_t cells, double spacing, const StepPlan& plan) {
  const Grid<1> grid({cells}, {.spacing = spacing, .periodic = true});
  Bit::make(grid, plan)[cells / 2]->on = true;
}

std::set<std::uint32_t> places_on(const RunSummary& run) {
  std::set<std::uint32_t> all;
  for (const Report& report : run.reports.all())
    all.insert(static_cast<std::uint32_t>(report.agent.value - 1));
  return all;
}

} // namespace

TEST_CASE("all cells see the generation before, at any distance up to the period") {
  constexpr std::uint32_t cells = 24;
  for (const double spacing : {0.03125, 0.3, 0.5, 1.0}) {
    CAPTURE(spacing);
    const RunSummary run =
        same_everywhere<Line>(30.5, [=](Line&) { ring_of_bits(cells, spacing, {.period = 1}); });
    CHECK(places_on(run) == rule_90(cells, 30));
    CHECK(run.agents_born == cells);
  }
}

TEST_CASE("a period shorter than the way of light is an error that says so") {
  fails_everywhere<Line>(Errc::bad_argument,
                         "for the step at 1 s, but hears of it at 1.25 s: light takes longer than "
                         "the 1 s from one phase to the next",
                         30, [](Line&) { ring_of_bits(12, 1.25, {.period = 1}); });
}

TEST_CASE("a period equal to the distance is right or an error, whatever the sums come to") {
  constexpr std::uint32_t cells = 12;
  for (const double length : {0.1, 1.0 / 3, 0.7, 1e-3}) {
    for (const Ending& ending : endings_everywhere<Line>(
             20.5 * length, [=](Line&) { ring_of_bits(cells, length, {.period = length}); })) {
      CAPTURE(length, ending.where);
      if (ending.failure)
        CHECK_THAT(ending.failure->context, Catch::Contains("light takes longer"));
      else
        CHECK(places_on(ending.summary) == rule_90(cells, 20));
    }
  }
}

namespace {

/// Conway's game of life.
struct Alive {};

struct LifeCell : SynchronousAgent<LifeCell, Plane, Alive> {
  using SynchronousAgent::SynchronousAgent;
  bool alive = false;

  ~LifeCell() override {
    if (alive)
      report("alive", step_number());
  }
  void step(const Inbox& told) {
    if (step_number() > 0)
      alive = told.size() == 3 || (alive && told.size() == 2);
    if (alive)
      tell_neighbours({});
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, LifeCell& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("alive", x.alive));
  }
};

} // namespace

TEST_CASE("a glider flies over the edge of a periodic grid, corners or not") {
  const RunSummary run = same_everywhere<Plane>(40.5, [](Plane&) {
    const Grid<2> grid({10, 10}, {.spacing = 0.5, .periodic = true});
    const std::vector<LifeCell*> cells = LifeCell::make(grid);
    for (const auto& at : {Grid<2>::Counts{1, 0}, {2, 1}, {0, 2}, {1, 2}, {2, 2}})
      cells[grid.place(at)]->alive = true;
  });
  CHECK(places_on(run) == std::set<std::uint32_t>{1, 12, 20, 21, 22}); // ten times four generations
}

namespace {

/// Counts what it sees in each phase; born agents join in; some end early.
struct Teller : SynchronousAgent<Teller, Line, std::pair<std::uint64_t, std::uint32_t>> {
  using SynchronousAgent::SynchronousAgent;
  std::uint64_t seen = 0;
  ChannelWriter<Teller> child;

  void step(const Inbox& told) {
    AgentId last;
    for (const auto& [from, message] : told) {
      const std::uint64_t before = step_number() * 3 + phase() - 1;
      if (message.first * 3 + message.second != before || from < last)
        report("wrong", message);
      last = from;
      ++seen;
    }
    if (phase() == 0 && step_number() == 2 && id() == AgentId::initial(0)) {
      auto* born = new Teller(position());
      born->begin_steps({.period = 1.5, .phases = 3});
      child = ChannelWriter(*this, *born);
    }
    if (child)
      tell(child, {step_number(), phase()});
    if (step_number() == 5 && id() == AgentId::initial(1))
      end_steps();
    else
      tell_neighbours({step_number(), phase()});
    report("seen", seen);
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Teller& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("seen", x.seen),
                              f.field("child", x.child));
  }
};

} // namespace

TEST_CASE("each phase sees what was told in the one before, in the order of the tellers") {
  const RunSummary run = same_everywhere<Line>(12, [](Line&) {
    const Grid<1> grid({6}, {.spacing = 0.4});
    std::vector<Teller*> tellers;
    for (std::uint32_t i = 0; i < grid.size(); ++i) {
      tellers.push_back(new Teller(grid.position(i)));
      tellers.back()->begin_steps({.period = 1.5, .phases = 3});
    }
    tellers[5]->velocity = {-0.02};
    connect(tellers, grid.edges());
  });
  CHECK(run.reports.of<std::pair<std::uint64_t, std::uint32_t>>("wrong").empty());
  std::map<std::uint64_t, std::uint64_t> last;
  std::map<std::uint64_t, int> steps;
  for (const auto& [agent, seen] : run.reports.of<std::uint64_t>("seen")) {
    last[agent.value] = seen;
    ++steps[agent.value];
  }
  REQUIRE(last.size() == 7);
  CHECK(steps[1] == 24); // 8 steps of three phases before 12 s
  CHECK(last[1] == 15);  // of the second one, until that ends in step 5
  CHECK(steps[2] == 16);
  CHECK(last[3] == 15 + 23);
  const auto child = last.rbegin();
  CHECK(steps[child->first] == 15); // from step 3 on: it was born in step 2
  CHECK(child->second == 15);
}

TEST_CASE("agents of different plans, or without one, are told so") {
  fails_everywhere<Line>(Errc::bad_argument, "agents that tell each other something need the same",
                         10, [](Line&) {
                           std::vector<Bit*> bits{new Bit({0, 0}), new Bit({0, 0.1})};
                           bits[0]->begin_steps({.period = 1});
                           bits[1]->begin_steps({.period = 1.5});
                           connect(bits, {{0, 1}});
                         });
  fails_everywhere<Line>(Errc::bad_argument, "has no steps: begin_steps() was not called", 10,
                         [](Line&) {
                           std::vector<Bit*> bits{new Bit({0, 0}), new Bit({0, 0.1})};
                           bits[0]->begin_steps();
                           connect(bits, {{0, 1}});
                         });
  fails_everywhere<Line>(Errc::bad_argument, "a step takes more than 0 s", 10, [](Line&) {
    (new Bit({0, 0}))->after(1, [](Bit& bit) { bit.begin_steps({.period = 0}); });
  });
}

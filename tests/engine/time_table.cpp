#include "libstos/engine/parallel/time_table.hpp"

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace stos;
using namespace stos::test;
using detail::Cell;
using detail::TimeTable;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

class Somebody : public Agent<Somebody, Simulation> {
public:
  using Agent::Agent;
};

/// Cells for a table; the simulation that owns them never runs.
struct Crowd {
  explicit Crowd(std::size_t size) {
    const auto scope = simulation.set_up();
    for (std::size_t i = 0; i < size; ++i)
      cells.push_back(&detail::cell_of(*new Somebody({0, 0, 0, 0})));
  }

  [[nodiscard]] double earliest(const TimeTable& table) const {
    double least = TimeTable::never;
    for (std::size_t i = 0; i < table.slots(); ++i)
      if (const Cell* cell = table.at(i))
        least = std::min(least, cell->next);
    return least;
  }

  Simulation simulation;
  std::vector<Cell*> cells;
};

} // namespace

TEST_CASE("an empty table has nothing before any time") {
  TimeTable table;
  CHECK(table.earliest() == TimeTable::never);
  table.sweep(1e9, [](Cell&) {
    FAIL("nobody is there");
    return true;
  });
}

TEST_CASE("a sweep visits those who are due, side by side in memory") {
  Crowd crowd(1000);
  TimeTable table;
  for (std::size_t i = 0; i < crowd.cells.size(); ++i) {
    crowd.cells[i]->next = static_cast<double>((i * 7) % 100);
    table.add(*crowd.cells[i]);
  }
  std::vector<Cell*> visited;
  table.sweep(10, [&](Cell& cell) {
    visited.push_back(&cell);
    cell.next = 200;
    return true;
  });
  CHECK(visited.size() == 100);
  CHECK(std::is_sorted(visited.begin(), visited.end(),
                       [](const Cell* a, const Cell* b) { return a->slot < b->slot; }));
  CHECK(table.earliest() == 10);
}

TEST_CASE("the earliest time is exact, whatever happens during a sweep") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed);
    Crowd crowd(1 + random.below(600));
    TimeTable table;
    std::vector<Cell*> outside;
    for (Cell* cell : crowd.cells) {
      cell->next = random.uniform(0, 10);
      if (random.bernoulli(0.7))
        table.add(*cell);
      else
        outside.push_back(cell);
    }
    const auto somebody = [&] {
      return table.at(random.below(static_cast<std::uint32_t>(table.slots())));
    };
    const auto disturb = [&](const Cell& visited) {
      if (Cell* cell = somebody(); cell != nullptr && random.bernoulli(0.6))
        table.lower(*cell, random.uniform(0, 12));
      if (Cell* cell = somebody();
          cell != nullptr && cell != &visited && table.size() > 1 && random.bernoulli(0.1)) {
        table.remove(*cell);
        outside.push_back(cell);
      }
      if (!outside.empty() && random.bernoulli(0.2)) {
        table.add(*outside.back());
        outside.pop_back();
      }
      if (Cell* cell = somebody(); cell != nullptr && random.bernoulli(0.1)) {
        cell->next = random.uniform(0, 20);
        table.update(*cell);
      }
    };
    for (int sweep = 0; sweep < 20 && table.size() > 0; ++sweep) {
      std::uint32_t visits_left = random.below(400);
      table.sweep(table.earliest() + random.uniform(0, 3), [&](Cell& cell) {
        disturb(cell);
        cell.next += random.exponential(2);
        return visits_left-- > 0;
      });
      REQUIRE(table.earliest() == crowd.earliest(table));
      REQUIRE(table.first([](Cell& a, Cell& b) { return a.slot < b.slot; }).next ==
              table.earliest());
    }
  }
}

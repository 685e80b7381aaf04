// Conway's game of life. A glider gun (R. W. Gosper, 1970) has 36 cells, and 30 generations later
// it is the same again, and there is a glider more, of five cells.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <iostream>
#include <string_view>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

struct LivesOn {};

struct LifeCell : SynchronousAgent<LifeCell, MySimulation, LivesOn> {
  using SynchronousAgent::SynchronousAgent;
  bool alive = false;

  void step(const Inbox& neighbours) {
    if (step_number() > 0)
      alive = neighbours.size() == 3 || (alive && neighbours.size() == 2);
    if (alive)
      tell_neighbours({});
    if (alive && step_number() % 30 == 0)
      report("alive", std::int64_t{1});
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, LifeCell& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("alive", x.alive));
  }
};

constexpr std::string_view gun[] = {
    "........................O...........", "......................O.O...........",
    "............OO......OO............OO", "...........O...O....OO............OO",
    "OO........O.....O...OO..............", "OO........O...O.OO....O.O...........",
    "..........O.....O.......O...........", "...........O...O....................",
    "............OO......................"};

int main(int argc, char** argv) {
  return run_main(argc, argv, "The game of life: a glider gun.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    const Grid<2> grid({60, 50}, {.spacing = 0.5});
    const std::vector<LifeCell*> cells = LifeCell::make(grid, {.period = 1});
    for (std::uint32_t y = 0; y < std::size(gun); ++y)
      for (std::uint32_t x = 0; x < gun[y].size(); ++x)
        cells[grid.place({x + 2, y + 2})]->alive = gun[y][x] == 'O';

    const RunSummary summary = simulation.run(120.5);
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    bool as_known = true;
    std::size_t gliders = 0;
    for (const auto& [time, alive] :
         over_agents(samples<std::int64_t>(summary.reports, "alive"), Reduction::sum)) {
      if (!options.digest_only)
        std::cout << "generation " << time << ": " << alive << " alive\n";
      as_known = as_known && alive == 36 + 5.0 * static_cast<double>(gliders++);
    }
    return as_known && gliders == 5 ? 0 : 1;
  });
}

// Wolves, sheep and grass: the model PPHPC of N. Fachada, V. Lopes, R. Martins and A. Rosa (2015),
// first set of parameters. Known are ten runs of their program for NetLogo (micompr, 2016), here as
// means and standard deviations after 25, 75, 125 and 175 steps, for 100 by 100 meadows.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr const char* what[] = {"sheep", "wolves", "grass"};
constexpr double known[][2][4] = {{{430, 1355, 2391, 2333}, {28, 60, 78, 119}},
                                  {{104, 26, 50, 132}, {12, 10, 26, 54}},
                                  {{8353, 5961, 3971, 4023}, {67, 152, 112, 189}}};

struct Animal {
  std::uint32_t is_wolf = 0;
  std::uint32_t energy = 0; // 0: it has been eaten
};

struct Meadow : SynchronousAgent<Meadow, MySimulation, Animal> {
  using SynchronousAgent::SynchronousAgent;
  std::uint32_t bare = 0; // for so many steps
  std::vector<Animal> animals;
  std::array<int, 2> number{}; // of sheep and wolves, before they move

  void step(const Inbox& arrived) {
    for (const auto& [from, animal] : arrived)
      animals.push_back(animal);
    if (step_number() > 0)
      live();
    number = {};
    for (Animal& a : std::exchange(animals, {})) {
      ++number[a.is_wolf];
      const std::uint64_t to = random().index(5); // 4: it stays, which takes as much
      if (--a.energy > 0)
        to < 4 ? tell(steps.neighbours[to], a) : animals.push_back(a);
    }
  }
  void live() {
    bare = bare > 0 ? bare - 1 : 0;
    random().shuffle(animals);
    for (std::size_t i = 0, grown_up = animals.size(); i < grown_up; ++i)
      if (animals[i].energy > 0) {
        const std::uint32_t is_wolf = animals[i].is_wolf;
        animals[i].energy += is_wolf == 1 ? hunt() : graze();
        if (animals[i].energy > 2 && random().bernoulli(is_wolf == 1 ? 0.05 : 0.04)) {
          animals.push_back({is_wolf, animals[i].energy / 2});
          animals[i].energy -= animals.back().energy;
        }
      }
    std::erase_if(animals, [](const Animal& a) { return a.energy == 0; });
  }
  std::uint32_t graze() { return bare == 0 ? (bare = 10, 4) : 0; }
  std::uint32_t hunt() {
    std::vector<Animal*> prey;
    for (Animal& a : animals)
      if (a.is_wolf == 0 && a.energy > 0)
        prey.push_back(&a);
    return prey.empty() ? 0 : (random().pick(prey)->energy = 0, 20);
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Meadow& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("bare", x.bare),
                              f.field("animals", x.animals), f.field("number", x.number));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "Predators, prey and grass.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    RandomStream random(options.seed);
    const auto meadows = Meadow::make(
        Grid<2>({100, 100},
                {.spacing = 0.9, .periodic = true, .neighbourhood = Neighbourhood::von_neumann}));
    for (Meadow* meadow : meadows)
      meadow->bare = random.bernoulli(0.5) ? 1 + random.below(10) : 0;
    for (std::uint32_t i = 0; i < 600; ++i)
      random.pick(meadows)->animals.push_back({i / 400, 1 + random.below(i < 400 ? 8 : 40)});
    const Look looks{.every = 50, .first = 25.5};
    simulation.observe<Meadow>(what[0], looks, [](const Meadow& m) { return m.number[0]; });
    simulation.observe<Meadow>(what[1], looks, [](const Meadow& m) { return m.number[1]; });
    simulation.observe<Meadow>(what[2], looks, [](const Meadow& m) { return m.bare == 0; });
    const RunSummary summary = simulation.run(176);
    bool as_known = true;
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t i = 0; i < 4; ++i) {
        const double seen = summary.observations.of(what[k])[i].seen.sum();
        as_known = as_known && std::abs(seen - known[k][0][i]) < 4 * known[k][1][i];
      }
    std::cout << (options.digest_only ? summary.digests() + "\n" : summary.observations.to_csv());
    return as_known ? 0 : 1;
  });
}

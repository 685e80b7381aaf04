// Segregation, after T. Schelling (1971): all are content if three in ten of their neighbours are
// of their own colour, and the others move. In the end seven in ten are, as U. Wilensky says of the
// model in NetLogo (1997), who lets them move away at random until a house is free, too.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr double inhabited = 0.77;
constexpr double wanted = 0.3;

struct News {
  std::uint32_t colour = 0;
  std::uint32_t comes = 0; // 1: looks for a house; 0: lives next door
};

struct House : SynchronousAgent<House, MySimulation, News> {
  using SynchronousAgent::SynchronousAgent;
  std::uint32_t resident = 0; // its colour; 0: the house is free
  std::uint32_t alike = 0;    // neighbours of that colour,
  std::uint32_t all = 0;      // and of any
  std::uint32_t moves = 0;    // of this step

  void step(const Inbox& told) {
    std::vector<std::uint32_t> passing;
    moves = alike = all = 0;
    for (const auto& [from, news] : told)
      if (news.comes == 1)
        passing.push_back(news.colour);
      else if (resident != 0) {
        ++all;
        alike += news.colour == resident ? 1 : 0;
      }
    if (resident == 0 && !passing.empty()) {
      random().shuffle(passing);
      resident = passing.back();
      passing.pop_back();
      ++moves;
    } else if (alike < wanted * all) {
      passing.push_back(std::exchange(resident, 0));
    }
    moves += static_cast<std::uint32_t>(passing.size());
    for (const std::uint32_t colour : passing)
      tell(random().pick(steps.neighbours), {colour, 1});
    if (resident != 0)
      tell_neighbours({resident, 0});
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, House& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("resident", x.resident),
                              f.field("alike", x.alike), f.field("all", x.all),
                              f.field("moves", x.moves));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "Segregation in a city.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    RandomStream random(options.seed);
    for (House* house : House::make(Grid<2>({51, 51}, {.spacing = 0.5, .periodic = true})))
      house->resident = random.bernoulli(inhabited) ? 1 + random.below(2) : 0;
    const auto is_over = [](const Observed& moves) { return moves.sum() == 0; };
    const Look each_step{.every = 1, .first = 1.9};
    simulation.observe<House>("alike", each_step, [](const House& h) { return h.alike; });
    simulation.observe<House>("all", each_step, [](const House& h) { return h.all; });
    simulation.observe<House>("moves", {.every = 1, .first = 1.9, .until = is_over},
                              [](const House& h) { return h.moves; });
    const RunSummary summary = simulation.run(1000);

    const auto alike = summary.observations.of("alike");
    const auto all = summary.observations.of("all");
    const double before = alike.front().seen.sum() / all.front().seen.sum();
    const double after = alike.back().seen.sum() / all.back().seen.sum();
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << "neighbours alike: " << before << ", after " << alike.size() << " steps "
                << after << '\n';
    const bool all_are_content = summary.observations.of("moves").back().seen.sum() == 0;
    return all_are_content && std::abs(before - 0.5) < 0.02 && std::abs(after - 0.7) < 0.03 ? 0 : 1;
  });
}

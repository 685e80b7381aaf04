// A rumour in a village: each who hears it tells all neighbours, once. It comes by the shortest
// way, as many steps as there are streets in between, each of which light takes a quarter of a
// second.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr double street_s = 0.25;
constexpr std::uint32_t side = 30;

struct Person : Agent<Person, MySimulation> {
  using Agent::Agent;
  std::vector<ChannelWriter<Person>> neighbours;
  bool knows = false;

  void hear() {
    if (knows)
      return;
    knows = true;
    report("heard", local_time());
    for (ChannelWriter<Person>& neighbour : neighbours)
      neighbour.send([](Person& other) { other.hear(); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Person& x) {
    return f.object(x).fields(f.field("neighbours", x.neighbours), f.field("knows", x.knows));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "A rumour in a village.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    const Grid<2> village({side, side},
                          {.spacing = street_s, .neighbourhood = Neighbourhood::von_neumann});
    std::vector<Person*> people;
    for (std::uint32_t place = 0; place < village.size(); ++place)
      people.push_back(new Person(village.position(place)));
    connect(people, village.edges(), &Person::neighbours);
    people[0]->hear();
    simulation.observe<Person>("knows", {.every = 1}, [](const Person& p) { return p.knows; });
    const RunSummary summary = simulation.run(20);

    Tally heard;
    for (const auto& [who, time] : summary.reports.of<double>("heard"))
      heard.add(time);
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << summary.observations.to_csv() << "all " << heard.count()
                << " have heard it, the last one at " << heard.greatest() << " s\n";
    const bool is_right = heard.count() == side * side &&
                          std::abs(heard.mean() - (side - 1) * street_s) < 1e-9 &&
                          heard.greatest() == 2 * (side - 1) * street_s;
    return is_right ? 0 : 1;
  });
}

// An epidemic on a random network: who is ill meets others at random, and recovers. In the end a
// share r of the people has had it, and r = 1 - exp(-R r), where R is how many contacts one
// infects.

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr std::uint32_t people = 5000;
constexpr std::uint32_t contacts_each = 10;
constexpr double ill_days = 1;
double infections_per_day = 0.25; // from one who is ill to one contact; the same on all nodes

struct Person : Agent<Person, MySimulation> {
  using Agent::Agent;
  Person() = default;
  std::vector<ChannelWriter<Person>> contacts;
  bool had_it = false;
  bool is_ill = false;

  void catch_it() {
    if (std::exchange(had_it, true))
      return;
    is_ill = true;
    report("ill", std::int64_t{1});
    const double until = random().exponential(ill_days);
    for (std::uint32_t i = 0; i < contacts.size(); ++i)
      if (const double t = random().exponential(1 / infections_per_day); t < until)
        after(t, [i](Person& p) { p.contacts[i].send([](Person& other) { other.catch_it(); }); });
    after(until, [](Person& p) {
      p.is_ill = false;
      p.report("ill", std::int64_t{-1});
    });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Person& x) {
    return f.object(x).fields(f.field("contacts", x.contacts), f.field("had_it", x.had_it),
                              f.field("is_ill", x.is_ill));
  }
};

double known_share() {
  const double passes = infections_per_day / (infections_per_day + 1 / ill_days);
  double share = 1;
  for (int i = 0; i < 100; ++i)
    share = 1 - std::exp(-(contacts_each * passes * share));
  return share;
}

void declare(CommandLine& cli) {
  cli.option("--infections", infections_per_day, "From one who is ill to one contact, a day.", 0,
             9);
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "An epidemic on a network.", declare, [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    RandomStream random(options.seed);
    std::vector<Person*> all;
    for (std::uint32_t i = 0; i < people; ++i) {
      const double x = random.uniform(0, 0.01);
      all.push_back(new Person({0, x, random.uniform(0, 0.01)}));
    }
    connect(all, random_graph(people, people * contacts_each / 2, random), &Person::contacts);
    for (const std::uint64_t i : random.sample(people, 10))
      all[i]->after(0, [](Person& person) { person.catch_it(); });
    const auto is_over = [](const Observed& ill) { return ill.sum() == 0; };
    simulation.observe<Person>("ill", {.every = 1, .first = 1, .until = is_over},
                               [](const Person& p) { return p.is_ill; });

    const RunSummary summary = simulation.run(100);
    const Series ill = running_sum(samples<std::int64_t>(summary.reports, "ill"));
    std::int64_t had_it = 0;
    for (const auto& [agent, change] : summary.reports.of<std::int64_t>("ill"))
      had_it += std::max<std::int64_t>(change, 0);
    const double share = static_cast<double>(had_it) / people;
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << csv_of({{"ill", at_times(ill, 0, 1, 30)}}) << "a share of " << share
                << " has had it, by the formula " << known_share() << '\n';
    return std::abs(share - known_share()) < 0.02 && ill.back().value == 0 ? 0 : 1;
  });
}

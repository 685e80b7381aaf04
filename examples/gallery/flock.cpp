// A flock: all fly equally fast, each in the mean direction of those within sight, and a random
// angle more or less. With little noise they agree; with a whole turn of it their mean velocity is
// that of random directions, sqrt(pi / 4 N). T. Vicsek, A. Czirok, E. Ben-Jacob, I. Cohen and O.
// Shochet (1995).

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>
#include <numbers>
#include <string>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr double pi = std::numbers::pi;
constexpr std::uint32_t side = 7; // cells, each as wide as birds see
constexpr int birds = 300;
constexpr double speed = 0.03; // in a step

struct Bird {
  double heading = 0;
};

struct Sky : Habitat<Sky, MySimulation, Bird> {
  using Habitat::Habitat;
  double noise = 0;

  void move(Walker<Bird>& self, const Sight& sight) {
    double x = portable_cos(self.is.heading);
    double y = portable_sin(self.is.heading);
    for (const Neighbour<Bird>& other : sight.within(1)) {
      x += portable_cos(other.walker->is.heading);
      y += portable_sin(other.walker->is.heading);
    }
    self.is.heading = portable_atan2(y, x) + random().uniform(-noise / 2, noise / 2);
    const double vx = portable_cos(self.is.heading);
    const double vy = portable_sin(self.is.heading);
    self.at[0] += speed * vx;
    self.at[1] += speed * vy;
    if (step_number() >= 200) {
      report(noise < 1 ? "calm x" : "wild x", vx);
      report(noise < 1 ? "calm y" : "wild y", vy);
    }
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Sky& x) {
    return f.object(x).fields(f.field("steps", x.steps), f.field("habitat", x.habitat),
                              f.field("noise", x.noise));
  }
};

void set_up_flock(double noise, RandomStream& random) {
  const auto skies = Sky::make({side, side}, {.cell = 1, .periodic = true, .period = 3});
  for (Sky* sky : skies)
    sky->noise = noise;
  for (int i = 0; i < birds; ++i) {
    const double x = random.uniform(0, side);
    const double y = random.uniform(0, side);
    Sky::settle(skies, {x, y}, {random.uniform(-pi, pi)});
  }
}

// The mean velocity of a flock in units of that of one bird.
double order_of(const Reports& reports, const std::string& flock) {
  const Series x = over_agents(samples<double>(reports, flock + " x"), Reduction::sum);
  const Series y = over_agents(samples<double>(reports, flock + " y"), Reduction::sum);
  Tally order;
  for (std::size_t step = 0; step < x.size(); ++step)
    order.add(std::hypot(x[step].value, y[step].value) / birds);
  return order.mean();
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "Flocks of birds.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    RandomStream random(options.seed);
    set_up_flock(0.5, random);
    set_up_flock(2 * pi, random);
    const RunSummary summary = simulation.run(3 * 300);
    const double calm = order_of(summary.reports, "calm");
    const double wild = order_of(summary.reports, "wild");
    const double known = std::sqrt(pi / (4 * birds));
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << "order " << calm << " with little noise; " << wild << " with much, for random "
                << "directions " << known << '\n';
    return calm > 0.9 && std::abs(wild - known) < 0.2 * known ? 0 : 1;
  });
}

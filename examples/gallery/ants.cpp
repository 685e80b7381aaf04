// Foraging ants: each takes one of two trails, in proportion to (k + scent)^2, and marks it on its
// way home; the scent fades. Of equally distant sources a colony chooses one: a share p of its ants
// goes there, and p (1 - p) = (k fading / ants)^2 (S. Nicolis and J.-L. Deneubourg, 1999); of a
// near and a far one the near one (S. Goss, S. Aron, J.-L. Deneubourg and J. Pasteels, 1989).

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<3>, ThreadPool<2>>;

constexpr double ants_per_s = 8;
constexpr double fading_per_s = 0.01;
constexpr double k = 240;

struct Nest;

struct Source : Agent<Source, MySimulation> {
  using Agent::Agent;
  ChannelWriter<Nest> home;

  template <class Inspector>
  friend bool inspect(Inspector& f, Source& x) {
    return f.object(x).fields(f.field("home", x.home));
  }
};

struct Nest : Agent<Nest, MySimulation> {
  using Agent::Agent;
  std::vector<ChannelWriter<Source>> trails;
  std::vector<double> scent{0, 0};
  double since = 0;
  bool is_equal = false; // both sources are equally far away

  void fade() {
    for (double& s : scent)
      s *= portable_exp(-fading_per_s * (local_time() - since));
    since = local_time();
  }
  void forage() {
    fade();
    const std::array weights{(k + scent[0]) * (k + scent[0]), (k + scent[1]) * (k + scent[1])};
    const std::size_t way = random().weighted(weights);
    trails[way].send([way](Source& source) {
      source.home.send([way](Nest& nest) {
        nest.fade();
        nest.scent[way] += 1;
      });
    });
    after(random().exponential(1 / ants_per_s), [](Nest& nest) { nest.forage(); });
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Nest& x) {
    return f.object(x).fields(f.field("trails", x.trails), f.field("scent", x.scent),
                              f.field("since", x.since), f.field("is_equal", x.is_equal));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "Foraging ants.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    for (int i = 0; i < 32; ++i) {
      auto* nest = new Nest({0, 1.0 * i, 0});
      nest->is_equal = i < 16;
      for (const double y : {20.0, nest->is_equal ? -20.0 : -40.0}) {
        auto* source = new Source({0, 1.0 * i, y});
        source->home = ChannelWriter<Nest>(*source, *nest);
        nest->trails.emplace_back(*nest, *source);
      }
      nest->forage();
    }
    const Look late{.every = 100, .first = 4000};
    simulation.observe<Nest>("chosen", late, [](const Nest& n) {
      const double most = std::max(n.scent[0], n.scent[1]) / (n.scent[0] + n.scent[1]);
      return n.is_equal ? std::optional(most) : std::nullopt;
    });
    simulation.observe<Nest>("near", late, [](const Nest& n) {
      return n.is_equal ? std::nullopt : std::optional(n.scent[0] > n.scent[1]);
    });
    const RunSummary summary = simulation.run(6000);
    Tally chosen;
    for (const Observation& look : summary.observations.of("chosen"))
      chosen.add(look.seen.mean());
    const double near = summary.observations.of("near").back().seen.mean();
    const double known = 0.5 + std::sqrt(0.25 - std::pow(k * fading_per_s / ants_per_s, 2));
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << "of equal sources one has a share of " << chosen.mean() << ", by the formula "
                << known << "; the near one is chosen by " << near << " of the colonies\n";
    return std::abs(chosen.mean() - known) < 0.01 && near > 0.95 ? 0 : 1;
  });
}

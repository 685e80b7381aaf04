// A packet network: routers on a ring of links, each link as long as light takes. A packet waits at
// each router, and goes on to a random neighbour or has arrived. How long it takes on the average
// is known: J. R. Jackson (1957), with the independence that L. Kleinrock assumes (1964).

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr double link_s = 0.25;
constexpr double packets_per_s = 0.3; // that enter at each router
constexpr double sent_per_s = 1;      // by a router that always has some
constexpr double goes_on = 0.5;

struct Router : Agent<Router, MySimulation> {
  using Agent::Agent;
  std::vector<ChannelWriter<Router>> links;
  std::vector<double> queue; // when each packet has entered the network
  Tally delays;

  void open() {
    after(random().exponential(1 / packets_per_s), [](Router& r) {
      r.take(r.local_time());
      r.open();
    });
  }
  void take(double entered) {
    queue.push_back(entered);
    if (queue.size() == 1)
      serve();
  }
  void serve() {
    after(random().exponential(1 / sent_per_s), [](Router& r) { r.pass_on(); });
  }
  void pass_on() {
    const double entered = queue.front();
    queue.erase(queue.begin());
    if (random().bernoulli(goes_on))
      random().pick(links).send([entered](Router& r) { r.take(entered); });
    else
      delays.add(local_time() - entered);
    if (!queue.empty())
      serve();
  }

  ~Router() override { report("delay", std::pair(delays.count(), delays.mean())); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Router& x) {
    return f.object(x).fields(f.field("links", x.links), f.field("queue", x.queue),
                              f.field("delays", x.delays));
  }
};

int main(int argc, char** argv) {
  return run_main(argc, argv, "A packet network.", [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    const Grid<1> ring({40}, {.spacing = link_s, .periodic = true});
    simulation.set_space(ring.space());
    std::vector<Router*> routers;
    for (std::uint32_t i = 0; i < ring.size(); ++i) {
      routers.push_back(new Router(ring.position(i)));
      routers.back()->open();
    }
    connect(routers, ring.edges(), &Router::links);
    const RunSummary summary = simulation.run(4000);

    double packets = 0;
    double sum = 0;
    for (const auto& [agent, delay] :
         summary.reports.of<std::pair<std::uint64_t, double>>("delay")) {
      packets += static_cast<double>(delay.first);
      sum += static_cast<double>(delay.first) * delay.second;
    }
    const double routers_each = 1 / (1 - goes_on);
    const double known =
        routers_each / (sent_per_s - packets_per_s * routers_each) + (routers_each - 1) * link_s;
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << packets << " packets took " << sum / packets << " s, by the formula " << known
                << " s\n";
    return std::abs(sum / packets / known - 1) < 0.03 ? 0 : 1;
  });
}

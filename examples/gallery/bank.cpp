// A bank with branches: customers come at random, wait for a clerk, and go. How long they wait on
// the average is known: the formula of A. K. Erlang (1917).

#include <libstos/model/all.hpp>
#include <libstos/stos.hpp>

#include <cmath>
#include <iostream>

using namespace stos;
using MySimulation = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

constexpr double service_s = 1;

// Options, the same on all nodes.
double arrivals_per_s = 2.4;
std::uint64_t clerks_each = 3;

struct Branch : ProcessAgent<Branch, MySimulation> {
  using ProcessAgent::ProcessAgent;
  Resource clerks{*this, clerks_each};

  Process customer() {
    const Lease clerk = co_await clerks.acquire();
    co_await delay(random().exponential(service_s));
  }

  Process opening() {
    for (;;) {
      co_await delay(random().exponential(1 / arrivals_per_s));
      spawn(customer());
    }
  }

  ~Branch() override { report("wait", clerks.waits().mean()); }
};

// The mean wait for one of `servers`, where `load` of them are busy on the average.
double erlang(std::uint64_t servers, double load) {
  double sum = 0;
  double term = 1;
  for (std::uint64_t k = 0; k < servers; ++k) {
    sum += term;
    term *= load / static_cast<double>(k + 1);
  }
  const double spare = static_cast<double>(servers) - load;
  term *= static_cast<double>(servers) / spare;
  return term / (sum + term) * service_s / spare;
}

void declare(CommandLine& cli) {
  cli.option("--arrivals", arrivals_per_s, "Customers a second, in each branch.", 0.01, 100);
  cli.option("--clerks", clerks_each, "Clerks of each branch.", 1, 100);
}

int main(int argc, char** argv) {
  return run_main(argc, argv, "A bank with branches.", declare, [](const RunOptions& options) {
    MySimulation simulation(options);
    const auto scope = simulation.set_up();
    for (int i = 0; i < 16; ++i) {
      auto* branch = new Branch({0, 1.0 * i});
      branch->spawn(branch->opening());
    }
    const RunSummary summary = simulation.run(5000);

    Tally wait;
    for (const auto& [agent, mean] : summary.reports.of<double>("wait"))
      wait.add(mean);
    const double known = erlang(clerks_each, arrivals_per_s * service_s);
    const double error = wait.deviation() / std::sqrt(static_cast<double>(wait.count()));
    if (options.digest_only)
      std::cout << summary.digests() << '\n';
    else
      std::cout << "mean wait " << wait.mean() << " s +- " << error << ", by Erlang " << known
                << " s\n";
    return std::abs(wait.mean() - known) < 4 * error ? 0 : 1;
  });
}

// The agents are in a shared library, and this program starts them.

#include <libstos/stos.hpp>

#include <iostream>

using Simulation = stos::ForwardSimulation<stos::Minkowski<4>, stos::ThreadPool<2>>;

void make_players();

int main(int argc, char** argv) {
  return stos::run_main(argc, argv, "Two players of a shared library.",
                        [](const stos::RunOptions& options) {
                          Simulation::configure(options);
                          make_players();
                          const stos::RunSummary summary = Simulation::start(100);
                          int hits = 0;
                          for (const auto& [agent, count] : summary.reports.of<int>("hits"))
                            hits += count;
                          std::cout << summary.digests() << ' ' << hits << " hits\n";
                          return summary.agents_born == 2 && hits == 100 ? 0 : 1;
                        });
}

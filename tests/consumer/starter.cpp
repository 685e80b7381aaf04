// Some agents are made by a shared library, and some of the same class by this program, which
// starts them all.

#include "model.hpp"

#include <iostream>

int main(int argc, char** argv) {
  return stos::run_main(argc, argv, "Players of a shared library and of a program.",
                        [](const stos::RunOptions& options) {
                          Simulation::configure(options);
                          make_players();
                          auto* one = new Player({0, 1, 0, 0});
                          auto* two = new Player({0, 1, 0, 1});
                          one->other = stos::ChannelWriter(*one, *two);
                          two->other = stos::ChannelWriter(*two, *one);
                          one->after(0.5, [](Player& self) { self.play(); });
                          const stos::RunSummary summary = Simulation::start(100);
                          int hits = 0;
                          for (const auto& [agent, count] : summary.reports.of<int>("hits"))
                            hits += count;
                          std::cout << summary.digests() << ' ' << hits << " hits\n";
                          return summary.agents_born == 4 && hits == 200 ? 0 : 1;
                        });
}

// A model with a fault: what an agent adds up depends on a variable that all agents of a process
// share. tests/system/cuts.sh finds it.
//
// usage: forgetful [OPTION]...
//
// The environment variable DRAWN_BEFORE says what that variable is at first.

#include "libstos/stos.hpp"

#include <cstdint>
#include <cstdlib>
#include <iostream>

using namespace stos;

namespace {

using Ring = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

std::uint64_t draws = 0; // the fault

class Drawer : public Agent<Drawer, Ring> {
public:
  Drawer() = default;
  explicit Drawer(const Minkowski<2>& where) : Agent(where) { wait(); }

  double sum = 0;
  std::uint64_t rounds = 0;

private:
  void wait() {
    after(1, [](Drawer& self) { self.draw(); });
  }
  void draw() {
    ++rounds;
    sum += random().uniform();
    if (rounds == 8 && id() == AgentId{3})
      sum += 1e-6 * static_cast<double>(++draws);
    wait();
  }
};
template <class Inspector>
bool inspect(Inspector& f, Drawer& x) {
  return f.object(x).fields(f.field("sum", x.sum), f.field("rounds", x.rounds));
}

int simulate(const RunOptions& options) {
  const char* const before = std::getenv("DRAWN_BEFORE");
  draws = before == nullptr ? 0 : std::strtoull(before, nullptr, 10);
  Ring simulation(options);
  {
    const auto scope = simulation.set_up();
    for (int i = 0; i < 5; ++i)
      new Drawer({0.0, static_cast<double>(i)});
  }
  std::cout << simulation.run(20).digest.to_string() << '\n';
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return run_main(argc, argv, "Agents that share what they must not.", simulate);
}

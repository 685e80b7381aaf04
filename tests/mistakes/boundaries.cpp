// Boundaries of a model's own that are wrong: one error everywhere, which names the agent.

#include "support/everywhere.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace stos;
using namespace stos::test;

namespace {

enum class Fault { none, no_number, past, throws, throws_at_turn, exit_throws, minus_infinity };

/// Agents leave at the place 10, whichever way they come from.
class Wall {
public:
  explicit Wall(Fault fault) : fault_(fault) {}
  double exit_time(const Trajectory& path) const {
    const double u = path.velocity()[0];
    switch (fault_) {
      case Fault::no_number: return path.anchor()[0] + std::sqrt(-1 - path.anchor()[1]);
      case Fault::past: return path.anchor()[1] > 0 ? path.anchor()[0] - 1 : 50;
      case Fault::throws: throw std::runtime_error("no wall");
      case Fault::throws_at_turn:
        if (u > 0.3)
          throw std::runtime_error("too fast");
        break;
      case Fault::minus_infinity: return -std::numeric_limits<double>::infinity();
      default: break;
    }
    return u > 0 ? path.anchor()[0] + (10 - path.anchor()[1]) / u
                 : std::numeric_limits<double>::infinity();
  }
  void at_exit(AgentBase& agent, const Point&) const {
    if (fault_ == Fault::exit_throws && agent.id().value == 3)
      throw std::runtime_error("the door is locked");
  }
  [[nodiscard]] double end_time() const { return 100; }

private:
  Fault fault_;
};

using Simulation = ForwardSimulation<Minkowski<2>, ShuffledDomains, Wall>;

class Walker : public Agent<Walker, Simulation> {
public:
  using Agent::Agent;
  Walker() = default;
  ChannelWriter<Walker> other;

  template <class Inspector>
  friend bool inspect(Inspector& f, Walker& x) {
    return f.object(x).fields(f.field("other", x.other));
  }
};

void set_up(Simulation&) {
  std::vector<Walker*> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(new Walker({0, double(i)}, Velocity<2>(0.1 * i / 6)));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->other = ChannelWriter(*all[i], *all[(i + 1) % all.size()]);
    all[i]->after(2 + 0.1 * double(i), [](Walker& w) { w.velocity = Velocity<2>(0.5); });
    all[i]->after(3, [](Walker& w) { new Walker(w.position()); });
  }
}

} // namespace

TEST_CASE("a boundary of a model's own is the same everywhere") {
  CHECK(same_everywhere<Simulation>(Wall(Fault::none), set_up).agents_born == 12);
}

TEST_CASE("an exit time that is no number, or past, is an error that names the agent") {
  fails_everywhere<Simulation>(Errc::bad_argument, "agent 1 (", Wall(Fault::no_number), set_up);
  fails_everywhere<Simulation>(Errc::bad_argument, "that is -1 s", Wall(Fault::past), set_up);
  fails_everywhere<Simulation>(Errc::bad_argument, "exit_time()", Wall(Fault::minus_infinity),
                               set_up);
}

TEST_CASE("a boundary that throws is an error that names the agent") {
  fails_everywhere<Simulation>(Errc::model_exception,
                               "exit_time() of its boundary: the model threw", Wall(Fault::throws),
                               set_up);
  fails_everywhere<Simulation>(Errc::model_exception, "too fast", Wall(Fault::throws_at_turn),
                               set_up);
  fails_everywhere<Simulation>(Errc::model_exception, "the door is locked",
                               Wall(Fault::exit_throws), set_up);
}

// An agent that looks into another one, as people do who come from other tools.

#include "support/everywhere.hpp"

#include <optional>
#include <utility>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<3>, ShuffledDomains>;

class Onlooker : public Agent<Onlooker, Simulation> {
public:
  using Agent::Agent;
  Onlooker() = default;
  Onlooker* other = nullptr;
  double seen = 0;
  ChannelWriter<Onlooker> line;
};

template <class Look>
void is_refused(const std::string& says, Look look) {
  const auto set_up = [look](Simulation&) {
    std::vector<Onlooker*> all;
    for (int i = 0; i < 6; ++i)
      all.push_back(new Onlooker({0, double(i), 0}));
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i]->other = all[(i + 1) % all.size()];
    for (Onlooker* p : all)
      p->after(1, look);
  };
  all_fail(Errc::wrong_agent, says, endings_on_one_node<Simulation>(10, set_up));
}

} // namespace

TEST_CASE("another agent's place, clock and velocity cannot be read") {
  is_refused("tried to read the position of agent 2",
             [](Onlooker& p) { p.seen += p.other->position()[1]; });
  is_refused("tried to read the clock of agent 2",
             [](Onlooker& p) { p.seen += p.other->local_time(); });
  is_refused("tried to read the velocity of agent 2",
             [](Onlooker& p) { p.seen += p.other->velocity.speed(); });
  is_refused("tried to read the velocity of agent 2",
             [](Onlooker& p) { p.seen += p.other->velocity.gamma(); });
  is_refused("tried to read the velocity of agent 2",
             [](Onlooker& p) { p.seen += p.other->velocity[0]; });
  is_refused("tried to read the velocity of agent 2", [](Onlooker& p) {
    const Velocity<3> v = p.other->velocity;
    p.seen += v[1];
  });
}

TEST_CASE("nor can another agent be made to do something") {
  is_refused("set a timer of", [](Onlooker& p) { p.other->after(1, [](Onlooker&) {}); });
  is_refused("report in the name of", [](Onlooker& p) { p.other->report("x", 1); });
  is_refused("die()", [](Onlooker& p) { p.other->die(); });
  is_refused("the random stream of", [](Onlooker& p) { p.seen = p.other->random().uniform(); });
  is_refused("change the velocity of",
             [](Onlooker& p) { p.other->velocity = Velocity<3>(0.1, 0); });
}

TEST_CASE("an agent sees itself, those that it has just created, and during set-up all") {
  const RunSummary run = same_everywhere<Simulation>(10, [](Simulation&) {
    auto* a = new Onlooker({0, 1, 0}, Velocity<3>(0.5, 0));
    auto* b = new Onlooker({0, 2, 0});
    CHECK(a->position()[1] == 1);
    CHECK(a->velocity.speed() == 0.5);
    CHECK(b->local_time() == 0);
    a->after(1, [](Onlooker& p) {
      const auto* child = new Onlooker(p.position());
      p.seen = child->position()[1] + child->local_time() + child->velocity.speed();
      p.seen += p.position()[1] + p.local_time() + p.velocity.gamma();
    });
  });
  CHECK(run.agents_born == 3);
}

TEST_CASE("a lambda that captures its agent beside other things is an error when it is sent") {
  const auto refused = [](auto act) {
    fails_everywhere<Simulation>(Errc::bad_argument, "a lambda captures", 10, [act](Simulation&) {
      auto* a = new Onlooker({0, 0, 0});
      a->line = ChannelWriter(*a, *new Onlooker({0, 1, 0}));
      a->after(1, act);
    });
  };
  refused([](Onlooker& p) {
    p.after(1, [self = &p, factor = 2.0](Onlooker&) { self->seen *= factor; });
  });
  refused([](Onlooker& p) { p.line.send([&seen = p.seen, n = 1](Onlooker&) { seen += n; }); });
  refused([](Onlooker& p) {
    double local = 0;
    p.line.send([&local, n = 1](Onlooker& other) { other.seen = local + n; });
  });
}

TEST_CASE("what holds no address may be captured, also where the compiler cannot tell") {
  const RunSummary run = same_everywhere<Simulation>(10, [](Simulation&) {
    auto* a = new Onlooker({0, 0, 0});
    a->after(1, [maybe = std::optional(2.0), n = 3](Onlooker& p) { p.seen = maybe.value() * n; });
    a->after_local(2, [a](Onlooker& p) { a->seen += p.seen; });
  });
  CHECK(run.absorbed == 2);
}

// Agents of classes that derive from the one that Agent<...> was given.

#include "support/everywhere.hpp"
#include "support/numbers.hpp"

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

class Base : public Agent<Base, Simulation> {
public:
  using Agent::Agent;
  Base() = default;
  ~Base() override = default;
  [[nodiscard]] virtual int kind() const { return 1; }

  void tick() {
    report("kind", kind());
    next.send([](Base& other) { ++other.heard; });
    after(1, [](Base& self) { self.tick(); });
  }
  ChannelWriter<Base> next;
  int heard = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Base& x) {
    return f.object(x).fields(f.field("next", x.next), f.field("heard", x.heard));
  }
};

class Derived : public Base {
public:
  using Base::Base;
  [[nodiscard]] int kind() const override { return 2; }
};

void set_up(Simulation&) {
  std::vector<Base*> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(i % 2 == 0 ? new Base({0, double(i)}) : new Derived({0, double(i)}));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->next = ChannelWriter(*all[i], *all[(i + 1) % all.size()]);
    all[i]->tick();
  }
}

} // namespace

TEST_CASE("an agent stays what it is, wherever agents are moved") {
  const RunSummary run = same_everywhere<Simulation>(50, set_up);
  int sum = 0;
  for (const auto& [agent, kind] : run.reports.of<int>("kind")) {
    CHECK(kind == (agent.value % 2 == 0 ? 2 : 1));
    sum += kind;
  }
  CHECK(sum == 50 * (3 * 1 + 3 * 2));
}

TEST_CASE("a move of what would arrive as its base class is refused with its name") {
  std::vector<std::unique_ptr<Simulation>> simulations;
  std::vector<World*> worlds;
  for (std::size_t i = 0; i < 2; ++i) {
    simulations.push_back(std::make_unique<Simulation>());
    const auto scope = simulations.back()->set_up();
    set_up(*simulations.back());
    worlds.push_back(&simulations.back()->world());
    worlds.back()->end_time = 50;
    worlds.back()->begin_run();
  }
  VirtualCluster cluster({}, 1);
  bool has_asked = false;
  cluster.before_step = [&has_asked](VirtualCluster& c) {
    if (!std::exchange(has_asked, true))
      (void)c.request(0, {{AgentId{1}, 1_node}, {AgentId{2}, 0_node}});
  };
  (void)cluster.run(worlds, [](std::size_t agent) { return agent % 2; });
  REQUIRE(cluster.outcomes().size() == 2);
  CHECK(cluster.outcomes()[0].result == MoveResult::moved);
  CHECK(cluster.outcomes()[1].result == MoveResult::not_serialisable);
  CHECK_THAT(cluster.outcomes()[1].text,
             Catch::Contains("Derived, which derives from") && Catch::Contains("agent 2 ("));
}

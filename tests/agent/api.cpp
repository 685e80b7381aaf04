// The parts of the seed's API that no example shows.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

using namespace stos;
using namespace stos::test;

namespace {

template <int D, class Boundary = LabTimeBoundary>
using Sim = ForwardSimulation<Minkowski<D>, ShuffledDomains, Boundary>;

class Account { // an ordinary class, no agent
public:
  explicit Account(int balance) : balance_(balance) {}
  void deposit(int amount) { balance_ += amount; }
  int balance() const { return balance_; }

private:
  int balance_;
};

/// Agents leave at a laboratory time that depends on where they are: the plane x + t = 10.
class LightFront {
public:
  explicit LightFront(std::map<std::uint64_t, double>* exits) : exits_(exits) {}
  double exit_time(const Trajectory& path) const {
    const double speed = path.velocity()[0];
    return path.anchor()[0] + (10 - path.anchor()[0] - path.anchor()[1]) / (1 + speed);
  }
  void at_exit(AgentBase& agent, const Point& where) const {
    if (exits_ != nullptr)
      (*exits_)[agent.id().value] = where.time();
  }

private:
  std::map<std::uint64_t, double>* exits_;
};

class Drifter : public Agent<Drifter, Sim<2, LightFront>> {
public:
  using Agent::Agent;
  ChannelWriter<Drifter> other;
  int heard = 0;
};

template <int D>
class Echo : public Agent<Echo<D>, Sim<D>> {
public:
  using Agent<Echo<D>, Sim<D>>::Agent;
  ChannelWriter<Echo> out;
  void bounce() {
    out.send([](Echo& other) { other.bounce(); });
  }
};

class Reactive : public Agent<Reactive, Sim<1>> {
public:
  static constexpr double reaction_time = 0.5;
  ChannelWriter<Reactive> out;
  void bounce() {
    out.send([](Reactive& other) { other.bounce(); });
  }
};

template <int D>
std::uint64_t bounces_in_ten_seconds(std::size_t domains, const Minkowski<D>& there) {
  Sim<D> simulation({}, ShuffledDomains(domains, 1));
  {
    const auto scope = simulation.set_up();
    auto* a = new Echo<D>();
    auto* b = new Echo<D>(there);
    a->out = ChannelWriter(*a, *b);
    b->out = ChannelWriter(*b, *a);
    a->bounce();
  }
  return simulation.run(10).absorbed;
}

} // namespace

TEST_CASE("a class that knows nothing of agents becomes one in an AgentWrapper") {
  using Wrapped = AgentWrapper<Account, Sim<4>>;
  for (const std::size_t domains : {0u, 2u}) {
    int seen = 0;
    Sim<4> simulation({}, ShuffledDomains(domains, 1));
    {
      const auto scope = simulation.set_up();
      auto* alice = new Wrapped(Minkowski<4>{0, 0, 0, 0}, 100);
      auto* bob = new Wrapped(Minkowski<4>{0, 3, 0, 0}, 10);
      static ChannelWriter<Wrapped> to_bob;
      to_bob = ChannelWriter(*alice, *bob);
      to_bob.send([](Account& account) { account.deposit(5); });
      bob->after_local(4, [&seen](Wrapped& self) { seen = self.balance(); });
    }
    (void)simulation.run(10);
    CHECK(seen == 15);
  }
}

TEST_CASE("agents end where a boundary of the user's own says, also after a turn") {
  for (const std::size_t domains : {0u, 1u, 2u, 3u}) {
    std::map<std::uint64_t, double> exits;
    Sim<2, LightFront> simulation({}, ShuffledDomains(domains, 3));
    {
      const auto scope = simulation.set_up();
      auto* resting = new Drifter({0, 2});
      auto* moving = new Drifter({0, 0}, {0.25});
      auto* turning = new Drifter({0, 0});
      turning->after(4, [](Drifter& d) { d.velocity = {0.5}; });
      resting->other = ChannelWriter(*resting, *moving);
      moving->after(7.5, [](Drifter& d) { d.heard++; }); // at 7.7 in the laboratory
      moving->after(8.5, [](Drifter&) { throw std::runtime_error("beyond the boundary"); });
    }
    const RunSummary summary = simulation.run(LightFront(&exits));
    CHECK(summary.absorbed == 2);
    CHECK(exits.at(1) == Approx(8));
    CHECK(exits.at(2) == Approx(8));
    CHECK(exits.at(3) == Approx(4 + 6 / 1.5));
  }
}

TEST_CASE("spacetime has one to four dimensions") {
  for (const std::size_t domains : {0u, 1u, 2u}) {
    CHECK(bounces_in_ten_seconds<2>(domains, {0, 1}) == 9);
    CHECK(bounces_in_ten_seconds<3>(domains, {0, 3, 4}) == 1);
    CHECK(bounces_in_ten_seconds<4>(domains, {0, 1, 2, 2}) == 3);
  }
}

TEST_CASE("with time alone all agents are in one place, and a reaction time sets the pace") {
  for (const std::size_t domains : {0u, 1u, 2u}) {
    Sim<1> simulation({}, ShuffledDomains(domains, 1));
    {
      const auto scope = simulation.set_up();
      auto* a = new Reactive();
      auto* b = new Reactive();
      a->out = ChannelWriter(*a, *b);
      b->out = ChannelWriter(*b, *a);
      a->bounce();
    }
    CHECK(simulation.run(10).absorbed == 20); // at 0, 0.5, ..., 9.5
  }
}

TEST_CASE("in a periodic space light takes the short way") {
  for (const std::size_t domains : {0u, 2u}) {
    Sim<4> simulation({}, ShuffledDomains(domains, 1));
    simulation.set_space(Space::torus(10, 0, 0));
    {
      const auto scope = simulation.set_up();
      auto* a = new Echo<4>({0, 0, 0, 0});
      auto* b = new Echo<4>({0, 9, 0, 0});
      a->out = ChannelWriter(*a, *b);
      b->out = ChannelWriter(*b, *a);
      a->bounce();
    }
    CHECK(simulation.run(10).absorbed == 9);
  }
}

TEST_CASE("lambdas that stay on their node may capture anything") {
  Sim<4> simulation;
  std::string heard;
  {
    const auto scope = simulation.set_up();
    auto* a = new Echo<4>();
    auto* b = new Echo<4>({0, 1, 0, 0});
    a->out = ChannelWriter(*a, *b);
    a->out.send_local(
        [text = std::string("a text of some length"), &heard](Echo<4>&) { heard = text; });
  }
  (void)simulation.run(10);
  CHECK(heard == "a text of some length");
}

TEST_CASE("each agent has its own random stream, a function of the seed and its id") {
  const auto draw = [](std::uint64_t seed) {
    RunOptions options;
    options.seed = seed;
    Sim<4> simulation(options);
    const auto scope = simulation.set_up();
    auto* a = new Echo<4>();
    auto* b = new Echo<4>();
    return std::pair(a->random()(), b->random()());
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
  CHECK(draw(1).first != draw(1).second);
}

TEST_CASE("agents read the constants that the set-up has provided, and no others") {
  const int answer = 42;
  Sim<4> simulation;
  simulation.provide(answer);
  int read = 0;
  {
    const auto scope = simulation.set_up();
    auto* agent = new Echo<4>();
    agent->after_local(1, [&read](Echo<4>& self) { read = self.provided<int>(); });
    CHECK_THROWS_WITH(agent->provided<double>(),
                      Catch::Contains("agent 1") && Catch::Contains("of type double"));
  }
  (void)simulation.run(10);
  CHECK(read == answer);
}

TEST_CASE("the static functions refer to a simulation that is renewed after each run") {
  using Simulation = Sim<4>;
  for (int run = 0; run < 3; ++run) {
    auto* a = new Echo<4>();
    auto* b = new Echo<4>({0, 1, 0, 0});
    CHECK(a->id().value == 1);
    a->out = ChannelWriter(*a, *b);
    b->out = ChannelWriter(*b, *a);
    a->bounce();
    CHECK(Simulation::start(10).absorbed == 9);
  }
  RunOptions options;
  options.end_time_s = 5;
  Simulation::configure(options);
  new Echo<4>();
  CHECK(Simulation::start(10).end_time == 5);
  Simulation::configure({});
  CHECK_THROWS_AS(Simulation::start(0), UsageError);
}

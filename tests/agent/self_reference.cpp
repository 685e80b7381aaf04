// Agent::reference(): agents that introduce themselves.

#include "tests/support/everywhere.hpp"

using namespace stos;
using namespace stos::test;

namespace {

using Sim = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

/// Calls others, who answer on channels that they open back to it.
struct Caller : Agent<Caller, Sim> {
  using Agent::Agent;
  Caller() = default;
  std::vector<ChannelWriter<Caller>> others;
  std::uint32_t answers = 0;

  ~Caller() override { report("answers", answers); }

  void call_all() {
    for (ChannelWriter<Caller>& other : others)
      other.send([me = reference()](Caller& x) {
        ChannelWriter back(x, me);
        back.send([](Caller& caller) {
          ++caller.answers;
          caller.report("at", caller.position()[0]);
        });
      });
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, Caller& x) {
    return f.object(x).fields(f.field("others", x.others), f.field("answers", x.answers));
  }
};

} // namespace

TEST_CASE("an agent introduces itself, and is answered at the speed of light") {
  const RunSummary run = same_everywhere<Sim>(30, [](Sim&) {
    std::vector<Caller*> all;
    for (int i = 0; i < 5; ++i)
      all.push_back(new Caller({0, 1.0 * i}));
    all[4]->velocity = {-0.5};
    for (Caller* caller : all)
      for (Caller* other : all)
        if (other != caller)
          caller->others.emplace_back(*caller, *other);
    for (Caller* caller : all)
      caller->after(3, [](Caller& c) {
        c.call_all();
        c.after(4, [](Caller& d) { d.call_all(); });
      });
  });
  for (const auto& [agent, answers] : run.reports.of<std::uint32_t>("answers"))
    CHECK(answers == 8);
  std::vector<double> first; // of agent 1, from those at rest: 3 s and twice the distance
  for (const auto& [agent, time] : run.reports.of<double>("at"))
    if (agent.value == 1 && first.size() < 3 && time == std::floor(time))
      first.push_back(time);
  CHECK(first == std::vector<double>{5, 7, 9});
}

TEST_CASE("a reference to oneself that is taken in the set-up is good for what is sent there") {
  const RunSummary run = same_everywhere<Sim>(10, [](Sim&) {
    auto* a = new Caller({0, 0});
    auto* b = new Caller({0, 2});
    a->others.emplace_back(*a, *b);
    a->call_all();
  });
  CHECK(run.reports.of<double>("at").begin()->second == 4);
}

TEST_CASE("a reference to oneself is no way to another agent's") {
  all_fail(Errc::wrong_agent, "take a reference to agent 1", endings_on_one_node<Sim>(10, [](Sim&) {
             static Caller* first = nullptr;
             first = new Caller({0, 0});
             (new Caller({0, 1}))->after(1, [](Caller&) { static_cast<void>(first->reference()); });
           }));
}

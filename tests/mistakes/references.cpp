// Which lambdas a reference goes with: those that need it, so that taking many costs no more than
// it says.

#include "support/everywhere.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

class Person : public Agent<Person, Simulation> {
public:
  using Agent::Agent;
  Person() = default;
  ~Person() override { report("met", met); }

  void meet(const RemoteReference<Person>& who) {
    ChannelWriter(*this, who).send([](Person& p) { ++p.met; });
  }
  void meet_kept() {
    meet(kept);
    for (const auto& who : many)
      meet(who);
  }

  std::vector<ChannelWriter<Person>> friends;
  RemoteReference<Person> kept;
  std::vector<RemoteReference<Person>> many;
  int met = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Person& x) {
    return f.object(x).fields(f.field("friends", x.friends), f.field("kept", x.kept),
                              f.field("many", x.many), f.field("met", x.met));
  }
};

std::vector<Person*> ring(int n) {
  std::vector<Person*> all;
  for (int i = 0; i < n; ++i)
    all.push_back(new Person({0, double(i)}));
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i]->friends.emplace_back(*all[i], *all[(i + 1) % all.size()]);
  return all;
}

int met_in(const RunSummary& run) {
  int sum = 0;
  for (const auto& [agent, met] : run.reports.of<int>("met"))
    sum += met;
  return sum;
}

std::size_t holds_now() { return detail::EventContext::current()->effects.changes().held.size(); }

} // namespace

TEST_CASE(
    "references that are taken during set-up are held once for each lambda that brings them") {
  const auto set_up = [](Simulation&) {
    for (Person* p : ring(200)) {
      p->friends[0].send([me = p->friends[0].target()](Person& next) { next.meet(me); });
      p->after(1, [](Person&) {});
    }
    CHECK(holds_now() < 3 * 200);
  };
  CHECK(met_in(same_everywhere<Simulation>(300, set_up)) == 200);
}

TEST_CASE("references reach their receivers in captures, arguments and what is only for one node") {
  const auto set_up = [](Simulation&) {
    const auto all = ring(8);
    const auto take = [&](std::size_t i) { return all[i]->friends[0].target(); };
    all[0]->friends[0].send(
        [](Person& p, const std::vector<RemoteReference<Person>>& who) {
          for (const auto& each : who)
            p.meet(each);
        },
        std::vector{take(3), take(4)});
    all[1]->after(
        1,
        [](Person& p, const std::pair<int, RemoteReference<Person>>& who) { p.meet(who.second); },
        std::pair(1, take(5)));
    all[2]->after_local(
        1, [who = std::make_shared<RemoteReference<Person>>(take(6))](Person& p) { p.meet(*who); });
  };
  for (const std::size_t domains : {0U, 1U, 2U, 5U}) {
    Simulation simulation({}, ShuffledDomains(domains, 3));
    {
      const auto scope = simulation.set_up();
      set_up(simulation);
    }
    CHECK(met_in(simulation.run(100)) == 4);
  }
}

TEST_CASE("references that set-up leaves with an agent are good in its own lambdas") {
  const auto set_up = [](Simulation&) {
    const auto all = ring(8);
    all[0]->kept = all[0]->friends[0].target();
    all[0]->many.push_back(all[0]->friends[0].target());
    all[0]->after(2, [](Person& p) { p.meet_kept(); }); // both from its own channels
    all[1]->kept = all[5]->friends[0].target();
    all[1]->after(2, [](Person& p) { p.meet_kept(); }); // among its members
    all[2]->friends[0].send([who = all[2]->friends[0].target()](Person& p) { p.kept = who; });
    all[2]->friends[0].send([](Person& p) { p.meet_kept(); }); // brought before
  };
  CHECK(met_in(same_everywhere<Simulation>(100, set_up)) == 4);
}

TEST_CASE("an event that introduces many to each other holds each of them once") {
  const auto set_up = [](Simulation&) {
    const auto all = ring(40);
    for (std::size_t i = 1; i < all.size(); ++i)
      all[0]->friends.emplace_back(*all[0], *all[i]);
    all[0]->after(1, [](Person& hub) {
      for (std::size_t i = 1; i + 1 < hub.friends.size(); ++i)
        hub.friends[i].send([who = hub.friends[i + 1].target()](Person& p) { p.meet(who); });
      for (std::size_t i = 1; i + 1 < hub.friends.size(); ++i)
        hub.friends[1].send([who = hub.friends[i + 1].target()](Person& p) { p.meet(who); });
      if (holds_now() != 2 * (hub.friends.size() - 2))
        throw std::runtime_error("held " + std::to_string(holds_now()));
    });
  };
  CHECK(met_in(same_everywhere<Simulation>(200, set_up)) == 2 * 38);
}

TEST_CASE("a reference that is kept is good in the timers that its agent sets in the same event") {
  const auto set_up = [](Simulation&) {
    const auto all = ring(6);
    all[0]->after(1, [](Person& p) {
      p.friends[0].send([who = p.friends[0].target()](Person& next) {
        next.many.push_back(who.renew());
        next.kept = who.renew();
        next.after(1, [](Person& self) { self.meet_kept(); });
      });
    });
  };
  CHECK(met_in(same_everywhere<Simulation>(100, set_up)) == 2);
}

TEST_CASE("a lambda that brings another reference than it uses is an error everywhere") {
  fails_everywhere<Simulation>(Errc::expired_reference, "renew()", 100, [](Simulation&) {
    const auto all = ring(6);
    all[0]->friends.emplace_back(*all[0], *all[3]);
    all[0]->after(1, [](Person& p) {
      p.friends[0].send([who = p.friends[1].target()](Person& next) { next.kept = who; });
    });
    all[1]->after(10, [](Person& p) { p.meet_kept(); });
  });
}

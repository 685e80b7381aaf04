// What agents do in their destructors: it counts where they die, and nothing of it where a copy of
// them is deleted that was never alive.

#include "support/everywhere.hpp"

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

enum class Habit { sends, sets_timer, turns, dies, reports, closes, refers, opens, writes_closed };

class Mortal : public Agent<Mortal, Simulation> {
public:
  using Agent::Agent;
  Mortal() = default;
  ~Mortal() override {
    switch (habit) {
      case Habit::sends: other.send([](Mortal& m) { ++m.heard; }); break;
      case Habit::sets_timer: after(1, [](Mortal& m) { ++m.heard; }); break;
      case Habit::turns: velocity = Velocity<2>(0.5); break;
      case Habit::dies: die(); break;
      case Habit::reports: report("heard", std::pair(heard, position()[0])); break;
      case Habit::closes: other.close(); break;
      case Habit::refers: other.send([me = other.target()](Mortal& m) { ++m.heard; }); break;
      case Habit::opens: other = ChannelWriter(*this, *this); break;
      case Habit::writes_closed:
        other.close();
        other.send([](Mortal& m) { ++m.heard; });
        break;
    }
  }

  ChannelWriter<Mortal> other;
  Habit habit = Habit::reports;
  int heard = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Mortal& x) {
    return f.object(x).fields(f.field("other", x.other), f.field("habit", x.habit),
                              f.field("heard", x.heard));
  }
};

// Some die early, some when others may still hear of it, some with the run.
void set_up_with(Habit habit) {
  std::vector<Mortal*> all;
  for (int i = 0; i < 9; ++i)
    all.push_back(new Mortal({0, 1.5 * i}));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->other = ChannelWriter(*all[i], *all[(i + 1) % all.size()]);
    all[i]->habit = habit;
    if (i % 3 == 0)
      all[i]->after(1 + double(i), [](Mortal& m) { m.die(); });
  }
}

} // namespace

TEST_CASE("what an agent does in its destructor is the same everywhere") {
  for (const Habit habit : {Habit::sends, Habit::sets_timer, Habit::turns, Habit::dies,
                            Habit::reports, Habit::closes, Habit::refers, Habit::opens}) {
    INFO("habit " << int(habit));
    const RunSummary run =
        same_everywhere<Simulation>(20, [habit](Simulation&) { set_up_with(habit); });
    CHECK(run.agents_born == 9);
    CHECK(run.agents_died == 3);
    CHECK(run.sent == run.absorbed + run.in_flight + run.dropped);
    CHECK(run.reports.all().size() == (habit == Habit::reports ? 9 : 0));
    if (habit == Habit::sends || habit == Habit::refers) {
      CHECK(run.sent == 3 + 9);
      CHECK(run.in_flight == 6); // of those that end with the run
    }
  }
}

TEST_CASE("what a destructor does wrong is an error everywhere, and no end of the program") {
  fails_everywhere<Simulation>(Errc::closed_channel, "in a destructor", 20,
                               [](Simulation&) { set_up_with(Habit::writes_closed); });
}

namespace {

class Heir : public Agent<Heir, Simulation> {
public:
  using Agent::Agent;
  Heir() = default;
  ~Heir() override {
    if (!has_heir)
      return;
    auto* child = new Heir(position());
    child->has_heir = false;
    child->parent = ChannelWriter(*child, *this);
    child->after(1, [](Heir&) {});
  }
  ChannelWriter<Heir> parent;
  bool has_heir = true;

  template <class Inspector>
  friend bool inspect(Inspector& f, Heir& x) {
    return f.object(x).fields(f.field("parent", x.parent), f.field("has_heir", x.has_heir));
  }
};

} // namespace

TEST_CASE("an agent that creates another one in its destructor is an error everywhere") {
  fails_everywhere<Simulation>(Errc::wrong_agent, "created a new", 20, [](Simulation&) {
    (new Heir({0, 0}))->after(3, [](Heir& h) { h.die(); });
    new Heir({0, 1});
  });
  fails_everywhere<Simulation>(Errc::wrong_agent, "in its destructor", 20, [](Simulation&) {
    new Heir({0, 0});
  });
}

TEST_CASE("agents of a set-up that is never run do nothing when they are deleted") {
  for (const Habit habit :
       {Habit::sends, Habit::sets_timer, Habit::turns, Habit::dies, Habit::reports, Habit::closes,
        Habit::refers, Habit::opens, Habit::writes_closed}) {
    Simulation never_run;
    const auto scope = never_run.set_up();
    set_up_with(habit);
    new Heir({0, 0});
  }
}

TEST_CASE("an agent that deletes itself is an error that says what is forbidden") {
  fails_everywhere<Simulation>(Errc::wrong_agent, "deleted by hand", 20, [](Simulation&) {
    auto* one = new Mortal({0, 0});
    auto* two = new Mortal({0, 1});
    one->after(2, [](Mortal& m) { delete &m; });
    one->after(3, [](Mortal& m) { ++m.heard; });
    two->other = ChannelWriter(*two, *one);
    two->after(2.5, [](Mortal& m) { m.other.send([](Mortal& o) { ++o.heard; }); });
  });
}

namespace {

class Secretive : public Agent<Secretive, Simulation> {
public:
  explicit Secretive(const Minkowski<2>& position) : Agent(position) {}
  static void create() {
    for (int i = 0; i < 4; ++i)
      (new Secretive({0, 2.0 * i}))->tick();
  }
  void tick() {
    after(1, [](Secretive& self) {
      ++self.ticks_;
      self.tick();
    });
  }

private:
  friend struct stos::AgentMaker;
  Secretive() = default;
  ~Secretive() override { report("ticks", ticks_); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Secretive& x) {
    return f.object(x).fields(f.field("ticks", x.ticks_));
  }
  int ticks_ = 0;
};

} // namespace

TEST_CASE("an agent's constructor and destructor may be for AgentMaker alone") {
  const RunSummary run =
      same_everywhere<Simulation>(10.5, [](Simulation&) { Secretive::create(); });
  for (const auto& [agent, ticks] : run.reports.of<int>("ticks"))
    CHECK(ticks == 10);
}

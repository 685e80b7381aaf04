// Agent::at_lab_time() and Agent::every().

#include "tests/support/everywhere.hpp"

#include <tuple>

using namespace stos;
using namespace stos::test;

namespace {

using Sim = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

/// Reports the laboratory times of what it is told to, and changes its velocity meanwhile.
struct Watch : Agent<Watch, Sim> {
  using Agent::Agent;
  Watch() = default;
  ChannelWriter<Watch> other;
  std::uint32_t rounds = 0;

  void look(std::uint32_t what) { report("look", std::pair(what, position()[0])); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Watch& x) {
    return f.object(x).fields(f.field("other", x.other), f.field("rounds", x.rounds));
  }
};

std::vector<std::pair<std::uint32_t, double>> looks(const RunSummary& run) {
  std::vector<std::pair<std::uint32_t, double>> all;
  for (const auto& [agent, look] : run.reports.of<std::pair<std::uint32_t, double>>("look"))
    all.push_back(look);
  return all;
}

} // namespace

TEST_CASE(
    "a date comes at its laboratory time, exactly, whatever an agent's velocity is meanwhile") {
  const RunSummary run = same_everywhere<Sim>(10, [](Sim&) {
    for (int i = 0; i < 4; ++i) {
      auto* watch = new Watch({0, 10.0 * i});
      watch->after(0.3, [](Watch& w) {
        w.velocity = {0.8};
        w.at_lab_time(7.7, [](Watch& x) { x.look(2); });
      });
      watch->after(1, [](Watch& w) { w.velocity = {-0.6}; });
      watch->at_lab_time(5.1, [](Watch& w) { w.look(1); });
      watch->at_lab_time(
          0.1, [](Watch& w, const std::string& text) { w.look(text.size()); }, std::string());
    }
  });
  const auto seen = looks(run);
  REQUIRE(seen.size() == 12);
  for (const auto& [what, time] : seen)
    CHECK(time == (what == 0 ? 0.1 : what == 1 ? 5.1 : 7.7));
}

TEST_CASE("what repeats comes at multiples of its period, which are not added up") {
  const RunSummary run = same_everywhere<Sim>(100.05, [](Sim&) {
    for (int i = 0; i < 3; ++i)
      (new Watch({0, 0.3 * i}))->every(0.1, [](Watch& w) {
        if (++w.rounds % 100 == 0)
          w.look(w.rounds);
      });
  });
  const auto seen = looks(run);
  REQUIRE(seen.size() == 30);
  for (const auto& [round, time] : seen)
    CHECK(time == round * 0.1);
}

TEST_CASE("what repeats begins where its agent is, and ends when it says so or the agent dies") {
  const RunSummary run = same_everywhere<Sim>(20, [](Sim&) {
    auto* parent = new Watch({0, 0});
    parent->after(0.5, [](Watch& w) {
      auto* child = new Watch(w.position());
      child->every(2, [](Watch& x) {
        x.look(1);
        return ++x.rounds < 3;
      });
      w.every(3, [](Watch& x) {
        x.look(2);
        if (++x.rounds == 2)
          x.die();
      });
    });
  });
  using Looks = std::vector<std::pair<std::uint32_t, double>>;
  auto seen = looks(run);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == Looks{{1, 2.5}, {1, 4.5}, {1, 6.5}, {2, 3.5}, {2, 6.5}});
  CHECK(run.agents_died == 1);
}

TEST_CASE("a date comes after what arrives at that time from elsewhere, whatever the ids are") {
  const RunSummary run = same_everywhere<Sim>(20, [](Sim&) {
    std::vector<Watch*> all;
    for (int i = 0; i < 5; ++i)
      all.push_back(new Watch({0, 1.0 * i}));
    for (std::size_t i = 0; i < 5; ++i) {
      all[i]->other =
          ChannelWriter(*all[i], *all[(i + 1) % 5]); // 1 s to the next one, 4 to the first
      all[i]->every(4, [](Watch& w) {
        w.look(w.rounds);
        w.rounds = 0;
        w.other.send([](Watch& x) { ++x.rounds; });
      });
    }
  });
  for (const auto& [heard, time] : looks(run))
    CHECK(heard == (time == 4 ? 0 : 1));
}

TEST_CASE("dates that are over, and periods that make no sense, are named") {
  fails_everywhere<Sim>(Errc::bad_argument, "agent 1 (", 5, [](Sim&) {
    (new Watch({0, 0}))->after(3, [](Watch& w) { w.at_lab_time(2, [](Watch&) {}); });
  });
  fails_everywhere<Sim>(
      Errc::bad_argument, "a date is a laboratory time from 3 s on, not 2 s", 5, [](Sim&) {
        (new Watch({0, 0}))->after(3, [](Watch& w) { w.at_lab_time(2, [](Watch&) {}); });
      });
  fails_everywhere<Sim>(Errc::bad_argument, "a period is above 0 s, not 0 s", 5, [](Sim&) {
    (new Watch({0, 0}))->after(1, [](Watch& w) { w.every(0, [](Watch&) {}); });
  });
  fails_everywhere<Sim>(Errc::bad_argument, "below the resolution of time", 1e17, [](Sim&) {
    (new Watch({0, 0}))->after(1e16, [](Watch& w) { w.every(0.1, [](Watch&) {}); });
  });
}

namespace {

struct Slow : Agent<Slow, Sim> {
  using Agent::Agent;
  static constexpr double reaction_time = 0.5;
};

} // namespace

TEST_CASE("an agent that takes time to react sets dates from then on") {
  fails_everywhere<Sim>(Errc::bad_argument, "from 1.5 s on, not 1.25 s", 5, [](Sim&) {
    (new Slow({0, 0}))->after(1, [](Slow& s) { s.at_lab_time(1.25, [](Slow&) {}); });
  });
  same_everywhere<Sim>(5, [](Sim&) {
    (new Slow({0, 0}))->after(1, [](Slow& s) {
      s.at_lab_time(1.5, [](Slow& x) { x.report("now", x.position()[0]); });
    });
  });
}

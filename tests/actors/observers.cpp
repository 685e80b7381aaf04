// Observers, and agents that end the run, as users write them.

#include "tests/store/support.hpp"
#include "tests/support/nodes_in_threads.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace stos;
using namespace stos::test;
using Catch::Matchers::Contains;

namespace {

using Town = ForwardSimulation<Minkowski<2>, ThreadPool<0>>;

/// Falls ill when a neighbour was, and is well again after a while.
class Citizen : public Agent<Citizen, Town> {
public:
  Citizen() = default;
  explicit Citizen(double x) : Agent(Minkowski<2>(0, x)) {}

  void fall_ill() {
    if (was_ill)
      return;
    is_ill = was_ill = true;
    for (ChannelWriter<Citizen>& other : neighbours)
      other.send([](Citizen& neighbour) { neighbour.fall_ill(); });
    after(2.5, [](Citizen& self) {
      self.is_ill = false;
      if (self.is_last)
        self.stop();
    });
  }

  bool is_ill = false;
  bool was_ill = false;
  bool is_last = false;
  std::vector<ChannelWriter<Citizen>> neighbours;

  template <class Inspector>
  friend bool inspect(Inspector& f, Citizen& x) {
    return f.object(x).fields(f.field("is_ill", x.is_ill), f.field("was_ill", x.was_ill),
                              f.field("is_last", x.is_last), f.field("neighbours", x.neighbours));
  }
};

constexpr int citizens = 20;

void set_up(Town& town, bool last_one_stops = false) {
  const auto scope = town.set_up();
  std::vector<Citizen*> all;
  for (int i = 0; i < citizens; ++i)
    all.push_back(new Citizen(i));
  for (int i = 0; i + 1 < citizens; ++i) {
    all[static_cast<std::size_t>(i)]->neighbours.emplace_back(
        *all[static_cast<std::size_t>(i)], *all[static_cast<std::size_t>(i) + 1]);
  }
  all.back()->is_last = last_one_stops;
  all.front()->after(1, [](Citizen& first) { first.fall_ill(); });
}

RunOptions quiet(std::uint32_t workers = 0) {
  RunOptions options;
  options.progress = ProgressMode::never;
  options.digest_only = true;
  options.workers = workers;
  return options;
}

void observe_illness(Town& town) {
  town.observe<Citizen>("ill", {.every = 1, .bins = {0.5, 1.5}},
                        [](const Citizen& c) { return c.is_ill; });
}

Observations of_wave() {
  std::vector<Observation> all;
  for (int t = 0; t <= 30; ++t) {
    Observed seen(false, Bins({0.5, 1.5}));
    for (int i = 0; i < citizens; ++i) // it falls ill at i + 1, and is well at i + 3.5
      seen.add(i + 1 < t && t <= i + 3.5 ? 1 : 0);
    all.push_back({"ill", static_cast<double>(t), seen});
  }
  return Observations(std::move(all));
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

} // namespace

TEST_CASE("an observer sees what has happened before each of its looks, and nothing else") {
  const TemporaryFolder folder;
  for (const std::uint32_t workers : {0u, 1u, 2u}) {
    INFO(workers << " workers");
    RunOptions options = quiet(workers);
    options.observations_path = folder / "seen.csv";
    options.summary_path = folder / "summary.json";
    Town town(options);
    observe_illness(town);
    set_up(town);
    const RunSummary summary = town.run(30);
    CHECK(summary.observations.all() == of_wave().all());
    CHECK(text_of(options.observations_path) == of_wave().to_csv());
    CHECK_THAT(text_of(options.summary_path),
               Contains(R"({"time":3,"observer":"ill","count":20,"sum":2,"mean":0.1,)") &&
                   Contains(R"("greatest":1,"bounds":[0.5,1.5],"counts":[18,2,0]})"));
  }
}

TEST_CASE("on nodes, all have what all have seen, and the first one writes it") {
  const TemporaryFolder folder;
  nodes_in_threads(3, [&](NodeInThread& self) {
    RunOptions options = self.options;
    options.observations_path = folder / ("seen" + std::to_string(self.index) + ".csv");
    options.workers = 1;
    options.digest_only = true;
    Town town(options, ThreadPool<0>(self.system, self.node));
    observe_illness(town);
    set_up(town);
    const RunSummary summary = town.run(30);
    if (summary.observations.all() != of_wave().all())
      throw std::runtime_error("node " + std::to_string(self.index) + " has seen:\n" +
                               summary.observations.to_csv());
  });
  CHECK(text_of(folder / ("seen0.csv")) == of_wave().to_csv());
}

TEST_CASE("an agent ends the run, at the same time on every engine") {
  std::string expected;
  {
    Town town(quiet());
    town.stop_every(1000);
    set_up(town, true);
    expected = town.run(24).digests(); // it stops at 22.5
  }
  const auto run = [](Town& town) {
    town.stop_every(4);
    set_up(town, true);
    return town.run(100);
  };
  for (const std::uint32_t workers : {0u, 1u, 2u}) {
    Town town(quiet(workers));
    const RunSummary summary = run(town);
    CHECK(summary.end_time == 24);
    CHECK(summary.is_complete);
    CHECK(summary.digests() == expected);
  }
  nodes_in_threads(3, [&](NodeInThread& self) {
    RunOptions options = self.options;
    options.workers = 1;
    options.digest_only = true;
    Town town(options, ThreadPool<0>(self.system, self.node));
    const RunSummary summary = run(town);
    if (summary.end_time != 24 || summary.digests() != expected)
      throw std::runtime_error("the run on nodes is another one");
  });
}

TEST_CASE("a world that stands still remembers what was seen, and who wants it to stop") {
  Town town(quiet(2));
  town.stop_every(4);
  observe_illness(town);
  set_up(town, true);
  CHECK(town.run_to(7.5).time == 7.5);
  CHECK(town.run_to(23).time == 23); // the last one has asked for the end
  const RunSummary forked = town.fork().run(100);
  const RunSummary summary = town.run(100);
  Town at_once(quiet(2));
  at_once.stop_every(4);
  observe_illness(at_once);
  set_up(at_once, true);
  const RunSummary expected = at_once.run(100);
  CHECK(expected.end_time == 24);
  for (const RunSummary* each : {&forked, &summary}) {
    CHECK(each->end_time == 24);
    CHECK(each->digests() == expected.digests());
    CHECK(each->observations.all() == expected.observations.all());
  }
}

TEST_CASE("an observer can know where an agent is, and look at some of them") {
  Town town(quiet());
  town.observe<Citizen>("east", {.every = 10},
                        [](const Citizen&, const Minkowski<2>& at) -> std::optional<double> {
                          return at[1] >= 15 ? std::optional(at[1]) : std::nullopt;
                        });
  set_up(town);
  const RunSummary summary = town.run(10);
  const Observed seen = summary.observations.of("east").front().seen;
  CHECK(seen.count() == 5);
  CHECK(seen.mean() == 17);
}

TEST_CASE("what makes no sense to observe is refused, in words") {
  Town town(quiet());
  observe_illness(town);
  const auto ill = [](const Citizen& c) { return c.is_ill; };
  CHECK_THROWS_WITH(town.observe<Citizen>("ill", {}, ill), Contains("\"ill\": there is one"));
  CHECK_THROWS_WITH(town.observe<Citizen>("", {}, ill), Contains("needs a name"));
  CHECK_THROWS_WITH(town.observe<Citizen>("x", {.every = 0}, ill),
                    Contains("every 0 s, which must be a time above 0"));
  CHECK_THROWS_WITH(town.stop_every(-1), Contains("every -1 s"));
  set_up(town);
  CHECK_THROWS_WITH(town.run(std::numeric_limits<double>::infinity()),
                    Contains("no laboratory time"));
}

TEST_CASE("an agent that wants to stop a run that never looks whether it should fails it") {
  for (const std::uint32_t workers : {0u, 2u}) {
    Town town(quiet(workers));
    set_up(town, true);
    CHECK_THROWS_WITH(town.run(100), Contains("simulation.stop_every(period)"));
  }
}

TEST_CASE("what an observer throws fails the run, the same on every engine") {
  const auto run = [](Town& town) {
    town.observe<Citizen>("broken", {.every = 3}, [](const Citizen& c) {
      if (c.was_ill)
        throw std::runtime_error("cannot look at it");
      return 1;
    });
    set_up(town);
    return town.run(30);
  };
  const std::string text = "observer \"broken\", looking at agent 1 (";
  for (const std::uint32_t workers : {0u, 2u}) {
    Town town(quiet(workers));
    CHECK_THROWS_WITH(run(town),
                      Contains(text) && Contains("at 3 s: the model threw: cannot look"));
  }
  nodes_in_threads(2, [&](NodeInThread& self) {
    RunOptions options = self.options;
    options.workers = 1;
    Town town(options, ThreadPool<0>(self.system, self.node));
    try {
      (void)run(town);
    } catch (const SimulationError& error) {
      if (std::string(error.what()).find(text) != std::string::npos)
        return;
      throw;
    }
    throw std::runtime_error("the run has not failed");
  });
}

TEST_CASE("more observations than may be kept fail the run") {
  RunOptions options = quiet();
  options.reports_max = 10;
  Town town(options);
  observe_illness(town);
  set_up(town);
  CHECK_THROWS_WITH(town.run(30), Contains("limits.reports_max"));
}

// What agents report is the same on all engines, in the same order.

#include "libstos/agent/simulation.hpp"
#include "tests/support/shuffled_domains.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<4>, ShuffledDomains>;

class Witness : public Agent<Witness, Simulation> {
public:
  using Agent::Agent;
  ~Witness() override { report("end", ticks_); }

  void tick() {
    after(1, [](Witness& self) {
      ++self.ticks_;
      self.report("tick", std::pair(self.ticks_, std::string("tick")));
      self.report("time", self.local_time());
      self.tick();
    });
  }

private:
  int ticks_ = 0;
};

class Mortal : public Agent<Mortal, Simulation> {
public:
  using Agent::Agent;
  ~Mortal() override { report("death", 1); }
};

RunSummary run(std::size_t domains, const RunOptions& options = {}) {
  Simulation simulation(options, ShuffledDomains(domains, 7));
  {
    const auto scope = simulation.set_up();
    for (int i = 0; i < 5; ++i)
      (new Witness({0, 3.0 * i, 0, 0}))->tick();
    (new Mortal({0, 1, 0, 0}))->after(2.5, [](Mortal& self) { self.die(); });
  }
  return simulation.run(4);
}

RunOptions at_most(std::uint64_t reports) {
  RunOptions options;
  options.reports_max = reports;
  return options;
}

} // namespace

TEST_CASE("reports come by time, agent and number, on each engine") {
  const RunSummary serial = run(0);
  CHECK(serial.reports.all().size() == 5 * (3 * 2 + 1) + 1);
  for (const std::size_t domains : {1u, 2u, 5u}) {
    INFO(domains << " domains");
    const RunSummary other = run(domains);
    REQUIRE(other.reports.all().size() == serial.reports.all().size());
    for (std::size_t i = 0; i < serial.reports.all().size(); ++i) {
      CHECK(other.reports.all()[i].topic == serial.reports.all()[i].topic);
      CHECK(other.reports.all()[i].agent == serial.reports.all()[i].agent);
      CHECK(other.reports.all()[i].time == serial.reports.all()[i].time);
      CHECK(other.reports.all()[i].value == serial.reports.all()[i].value);
    }
  }
}

TEST_CASE("a destructor can report, at the boundary and at a death") {
  const RunSummary summary = run(2);
  const auto ends = summary.reports.of<int>("end");
  REQUIRE(ends.size() == 5);
  for (const auto& [agent, ticks] : ends)
    CHECK(ticks == 3);
  REQUIRE(summary.reports.of<int>("death").size() == 1);
  CHECK(summary.reports.of<int>("nobody reports this").empty());
}

TEST_CASE("reports that are asked for as another type are refused") {
  const RunSummary summary = run(0);
  CHECK(summary.reports.of<std::pair<int, std::string>>("tick").front().second ==
        std::pair(1, std::string("tick")));
  CHECK_THROWS_AS(summary.reports.of<double>("tick"), UsageError);
}

TEST_CASE("reports make no events") { CHECK(run(0).absorbed == 5 * 3 + 1); }

TEST_CASE("more reports than are allowed end the run, also in a destructor") {
  for (const std::size_t domains : {0u, 1u, 2u}) {
    INFO(domains << " domains");
    for (const std::uint64_t most : {1u, 10u, 17u}) {
      INFO("at most " << most);
      try {
        (void)run(domains, at_most(most));
        FAIL("the run succeeded");
      } catch (const SimulationError& failure) {
        CHECK_THAT(failure.error().context, Catch::Contains("limits.reports_max"));
        CHECK_THAT(failure.error().context,
                   Catch::Contains("report number " + std::to_string(most + 1)));
      }
    }
  }
  CHECK_NOTHROW(run(0, at_most(36)));
  CHECK_THROWS_AS(run(0, at_most(35)), SimulationError); // the last destructor of all
}

TEST_CASE("reports as a table have numbers that read back, and texts", "[reports]") {
  std::vector<Report> reports;
  const auto add = [&reports](const auto& value) {
    BytesWriter bytes;
    save(bytes, value);
    reports.push_back({"topic", AgentId{7}, 0.1, reports.size(), bytes.take(),
                       report_type_of<std::remove_cvref_t<decltype(value)>>()});
  };
  add(std::int64_t{-3});
  add(std::uint8_t{200});
  add(1 / 3.0);
  add(true);
  add(std::string("a,\"b\""));
  add(std::pair(1, 2));
  reports.front().topic = "two\nlines";
  CHECK(csv_of(Reports(reports)) == "time,agent,topic,value\n"
                                    "0.1,7,\"two\nlines\",-3\n"
                                    "0.1,7,topic,200\n"
                                    "0.1,7,topic,0.3333333333333333\n"
                                    "0.1,7,topic,true\n"
                                    "0.1,7,topic,\"a,\"\"b\"\"\"\n"
                                    "0.1,7,topic,0x0100000002000000\n");
  reports[2].value.pop_back(); // no number any more
  CHECK(value_text(reports[2]).starts_with("0x"));
}

TEST_CASE("what agents report knows its type, on every engine", "[reports]") {
  for (const std::size_t domains : {1u, 3u}) {
    const std::string table = csv_of(run(domains).reports);
    CHECK(table == csv_of(run(1).reports));
    CHECK(table.find(",death,1\n") != std::string::npos);
    CHECK(table.find(",time,1\n") != std::string::npos);
    CHECK(table.find(",tick,0x") != std::string::npos);
  }
}

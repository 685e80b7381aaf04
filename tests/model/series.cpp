#include "libstos/model/series.hpp"

#include "libstos/model/statistics.hpp"
#include "tests/support/everywhere.hpp"

#include <cmath>

using namespace stos;
using namespace stos::test;

namespace {

using Sim = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

struct Saver : Agent<Saver, Sim> {
  using Agent::Agent;
  Saver() = default;
  double wealth = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Saver& x) {
    return f.object(x).fields(f.field("wealth", x.wealth));
  }
};

} // namespace

TEST_CASE("what agents report at common times becomes one series, with the same bits everywhere") {
  std::optional<Series> oracle;
  std::size_t run = 0;
  for (const Ending& ending : endings_everywhere<Sim>(10, [](Sim&) {
         for (int i = 0; i < 20; ++i)
           (new Saver({0, 0.7 * i}))->every(2.5, [](Saver& s) {
             s.wealth += s.random().lognormal(0, 3);
             s.report("wealth", s.wealth);
             s.report("rich", std::int64_t{s.wealth > 2});
           });
       })) {
    INFO(ending.where);
    const Series wealth = samples<double>(ending.summary.reports, "wealth");
    CHECK(wealth.size() == 60);
    Series all = over_agents(wealth, Reduction::sum);
    REQUIRE(all.size() == 3);
    CHECK(all[0].time == 2.5);
    CHECK(all[2].time == 7.5);
    all.push_back({0, quantile(wealth, 0.9)});
    if (run++ == 0)
      oracle = all;
    CHECK(all == *oracle);
    for (const auto& [time, value] :
         over_agents(samples<std::int64_t>(ending.summary.reports, "rich"), Reduction::count))
      CHECK(value == 20);
  }
}

TEST_CASE("samples of one time are reduced to one, in each way") {
  const Series samples{{1, 4}, {1, 1}, {1, 2}, {1, 3}, {2, 7}};
  const auto values = [&](Reduction reduction) {
    const Series all = over_agents(samples, reduction);
    REQUIRE(all.size() == 2);
    CHECK(all[1].time == 2);
    return std::pair(all[0].value, all[1].value);
  };
  CHECK(values(Reduction::count) == std::pair(4.0, 1.0));
  CHECK(values(Reduction::sum) == std::pair(10.0, 7.0));
  CHECK(values(Reduction::mean) == std::pair(2.5, 7.0));
  CHECK(values(Reduction::least) == std::pair(1.0, 7.0));
  CHECK(values(Reduction::greatest) == std::pair(4.0, 7.0));
  CHECK(values(Reduction::median) == std::pair(2.5, 7.0));
  CHECK(over_agents({}, Reduction::mean).empty());
}

TEST_CASE("changes add up, and a series is looked at at any times") {
  const Series ill = running_sum({{0.5, 1}, {0.5, 1}, {2, -1}, {3, 1}});
  CHECK(ill == Series{{0.5, 2}, {2, 1}, {3, 2}});
  CHECK(at_times(ill, 0, 1, 5) == Series{{0, 0}, {1, 2}, {2, 1}, {3, 2}, {4, 2}});
}

TEST_CASE("quantiles and histograms") {
  const Series samples{{0, 5}, {1, 1}, {2, 3}, {3, 2}, {4, 4}};
  CHECK(quantile(samples, 0) == 1);
  CHECK(quantile(samples, 0.5) == 3);
  CHECK(quantile(samples, 0.375) == 2.5);
  CHECK(quantile(samples, 1) == 5);
  CHECK(histogram(samples, 2, 5, 3) == std::vector<std::uint64_t>{1, 1, 1, 1, 1});
  CHECK(histogram({{0, std::nextafter(0.3, 0)}}, 0, 0.3, 3) ==
        std::vector<std::uint64_t>{0, 0, 1, 0, 0});
  CHECK_THROWS_WITH(quantile({}, 0.5), Catch::Contains("not of 0 for 0.5"));
  CHECK_THROWS_WITH(quantile(samples, 2), Catch::Contains("not of 5 for 2"));
  CHECK_THROWS_WITH(histogram(samples, 1, 1, 3), Catch::Contains("not 3 from 1 to 1"));
}

TEST_CASE("a table has a line for each time, and numbers that read back exactly") {
  CHECK(csv_of({{"ill", {{0, 1}, {0.1, 2}}}, {"a, \"b\"", {{0.1, 1.0 / 3}, {1e22, -4}}}}) ==
        "time,ill,\"a, \"\"b\"\"\"\n0,1,\n0.1,2,0.3333333333333333\n1e+22,,-4\n");
  CHECK(csv_of({}) == "time\n");
}

TEST_CASE("reports of another type are none") {
  const RunSummary run = same_everywhere<Sim>(1, [](Sim&) {
    (new Saver({0, 0}))->after(0.5, [](Saver& s) { s.report("text", std::string("four")); });
  });
  CHECK_THROWS_WITH(samples<double>(run.reports, "text"), Catch::Contains("\"text\""));
}

TEST_CASE("tallies and levels: means, spread and extremes, of numbers and over time") {
  Tally tally;
  CHECK(tally.count() == 0);
  CHECK(tally.mean() == 0);
  for (const double x : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0})
    tally.add(x);
  CHECK(tally.mean() == 5);
  CHECK(tally.variance() == Approx(32.0 / 7));
  CHECK(tally.least() == 2);
  CHECK(tally.greatest() == 9);
  Level level(10, 1);
  CHECK(level.mean(10) == 1);
  level.set(12, 5);
  level.add(14, -2);
  CHECK(level.mean(20) == (2 * 1 + 2 * 5 + 6 * 3) / 10.0);
  CHECK(level.value() == 3);
  CHECK(level.greatest() == 5);
}

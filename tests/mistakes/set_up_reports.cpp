// What agents report while they are set up counts like what they report later.

#include "support/everywhere.hpp"

using namespace stos;
using namespace stos::test;

namespace {

using Simulation = ForwardSimulation<Minkowski<2>, ShuffledDomains>;

class Census : public Agent<Census, Simulation> {
public:
  Census() = default;
  explicit Census(const Minkowski<2>& position) : Agent(position) { report("born", position[1]); }
  ~Census() override { report("end", 1); }

  template <class Inspector>
  friend bool inspect(Inspector& f, Census& x) {
    return f.object(x).fields();
  }
};

void set_up(Simulation&) {
  for (int i = 0; i < 5; ++i) {
    auto* one = new Census({i % 2 == 0 ? 0.0 : -1.0, double(i)});
    one->report("set up", i);
    one->after(0, [](Census& self) { self.report("began", 1); });
  }
}

} // namespace

TEST_CASE("reports of the set-up come once on each engine, from constructors and after them") {
  const RunSummary run = same_everywhere<Simulation>(10, set_up);
  CHECK(run.reports.all().size() == 4 * 5);
  const auto born = run.reports.of<double>("born");
  REQUIRE(born.size() == 5);
  CHECK(born[0] == std::pair(AgentId{2}, 1.0)); // at -1 s
  CHECK(run.reports.of<int>("set up").size() == 5);
  CHECK(run.reports.all()[0].topic == "born");
  CHECK(run.reports.all()[1].topic == "set up");
}

TEST_CASE("reports of the set-up count for the limit") {
  RunOptions options;
  options.reports_max = 9;
  fails_everywhere<Simulation>(Errc::bad_argument, "report number 10", 10, set_up, options);
  options.reports_max = 20;
  CHECK(same_everywhere<Simulation>(10, set_up, options).reports.all().size() == 20);
}

#include "actors/replicated_agent_calls.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace stos;
using namespace stos::test;
using keyed::Outcome;

namespace {

using Books = ForwardSimulation<Minkowski<2>, ThreadPool<2>>;

/// Goes on until it has had all answers, and tells what they were.
class Bookkeeper : public Agent<Bookkeeper, Books> {
public:
  using Agent::Agent;

  void tick() {
    if (answers < 4)
      after(1, [](Bookkeeper& self) { self.tick(); });
  }

  void begin(const std::string& name) {
    name_ = name;
    query_agent<Ledger>(*this, "q", name, Get{}, [](Bookkeeper& self, const auto& sum) {
      self.report("first", static_cast<std::uint64_t>(sum.outcome()));
      ++self.answers;
      self.go_on();
    });
    tick();
  }

  void go_on() {
    command_agent<Ledger>(*this, "q", name_, Add{5});
    command_agent<Ledger>(*this, "q", name_, Add{6}, [](Bookkeeper& self, const auto& sum) {
      self.report("second", *sum);
      ++self.answers;
      command_agent<Ledger>(
          self, "elsewhere", "a", Add{}, [](Bookkeeper& myself, const auto& none) {
            myself.report("third", none.error());
            ++myself.answers;
            command_agent<Ledger>(myself, "q", myself.name_, Append{"kept"},
                                  [](Bookkeeper& me, const keyed::Replied<keyed::Nothing>& done) {
                                    me.report("fourth", static_cast<bool>(done));
                                    ++me.answers;
                                  });
          });
    });
  }

  int answers = 0;

private:
  std::string name_;
};

} // namespace

TEST_CASE("agents in spacetime command and query replicated agents", "[hosting]") {
  ReplicatedAgents agents(made_up_types(), RunOptions{});
  REQUIRE(agents.put_quota("q", 10));
  Books world({}, beside<2>(agents));
  world.provide(agents);
  {
    const auto scope = world.set_up();
    (new Bookkeeper({0, 0}))->begin("a");
    (new Bookkeeper({0, 3}))->begin("b");
  }
  const RunSummary summary = world.run(1e15);
  const auto not_found = static_cast<std::uint64_t>(Outcome::agent_not_found);
  CHECK(summary.reports.of<std::uint64_t>("first").size() == 2);
  for (const auto& outcome : summary.reports.of<std::uint64_t>("first"))
    CHECK(outcome.second == not_found);
  for (const auto& sum : summary.reports.of<std::int64_t>("second"))
    CHECK(sum.second == 11);
  CHECK(summary.reports.of<std::int64_t>("second").size() == 2);
  for (const auto& error : summary.reports.of<std::string>("third"))
    CHECK(error.second == "quota_not_found");
  CHECK(summary.reports.of<bool>("fourth").size() == 2);
  for (const char* const key : {"a", "b"}) {
    CHECK(*agents.query<Ledger>("q", key, Get{}) == 11);
    CHECK(*agents.query<Ledger>("q", key, GetText{}) == std::string(key) + ":kept");
  }
}

TEST_CASE("an agent in spacetime without replicated agents says so", "[hosting]") {
  Books world;
  {
    const auto scope = world.set_up();
    auto* bookkeeper = new Bookkeeper({0, 0});
    CHECK_THROWS_WITH(bookkeeper->go_on(), Catch::Contains("asks for a constant"));
  }
}

#include "actors/service/host_door.hpp"
#include "actors/status/status_desk.hpp"
#include "tests/hosting/made_up_host.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace stos;
using namespace stos::test;
using keyed::Outcome;

TEST_CASE("a host of replicated agents is seen at the exporter's desk", "[hosting]") {
  RunOptions options;
  options.monitoring.address = NodeAddress{"127.0.0.1", 0};
  options.agents.tick_s = 0.1;
  options.agents.per_group_max = 2;
  const auto desk = detail::exported_desk(options.monitoring);
  {
    ReplicatedAgents agents(made_up_types(), options);
    REQUIRE(agents.put_quota("q", 100));
    for (int n = 0; n < 10; ++n)
      REQUIRE(agents.command<Ledger>("q", std::to_string(n), Add{1}));
    CHECK_FALSE(agents.query<Ledger>("q", "nobody", Get{}));
    const auto seen = [&desk] {
      const std::vector<keyed::HostingStatus> hosts = desk->hosts();
      REQUIRE(hosts.size() == 1);
      return hosts[0];
    };
    // It shows itself once a second; groups are divided for a while.
    while (seen().queries.durations.count() == 0 || seen().splits == 0 || seen().agents != 10 ||
           seen().groups_moving > 0 || seen().quotas.empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const keyed::HostingStatus status = seen();
    CHECK(status.node == "alone");
    CHECK(status.commands.results[static_cast<std::size_t>(Outcome::done)] == 10);
    CHECK(status.queries.results[static_cast<std::size_t>(Outcome::agent_not_found)] == 1);
    CHECK(status.nodes == 1);
    CHECK(status.leads == status.groups_settled + 1); // with the table's
    CHECK(status.leader_changes >= status.leads);
    CHECK(status.follows + status.leaderless == 0);
    CHECK(status.quotas.front().first == "q");
  }
  CHECK(desk->hosts().empty());
}

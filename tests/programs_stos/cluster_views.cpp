#include "programs/stos/cluster_views.hpp"

#include "programs/stos/subcommand.hpp"
#include "support/made_up_status.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace stos;
using namespace stos::program;
using Catch::Contains;
using stos::test::made_up_status;

namespace {

ClusterStatus three_nodes() {
  ClusterStatus cluster;
  cluster.cluster = "solar";
  cluster.told_by = "earth";
  cluster.nodes_wanted = 3;
  cluster.nodes = {{"earth", {"10.0.0.1", 4242}, false, 0},
                   {"mars", {"10.0.0.2", 4242}, false, 0.25},
                   {"venus", {"10.0.0.3", 4242}, true, 61}};
  cluster.statuses = {made_up_status("earth"), made_up_status("mars")};
  cluster.statuses[1].types = {{"Bob", 10}};
  return cluster;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

} // namespace

TEST_CASE("the nodes are a table with a line each, aligned, and alerts that hold below it",
          "[stos]") {
  ClusterStatus cluster = three_nodes();
  const auto lines = lines_of(nodes_as_text(cluster));
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "cluster solar: 3 of 3 nodes; told by earth");
  CHECK_THAT(lines[2], Contains("NODE") && Contains("ADDRESS") && Contains("HEARD s AGO"));
  CHECK_THAT(lines[3], Contains("10.0.0.1:4242") && Contains("there") && Contains(" 43 "));
  CHECK_THAT(lines[5], Contains("lost") && Contains("-") && Contains("61.0"));
  for (std::size_t i = 3; i < lines.size(); ++i)
    CHECK(lines[i].size() == lines[2].size());

  cluster.alerts = {{AlertType::no_progress, "planets", "mars", "", 75, "node mars stands\n"}};
  const std::string text = nodes_as_text(cluster);
  CHECK_THAT(text, Contains("no_progress") && Contains("75") && Contains("node mars stands?"));
}

TEST_CASE("nodes in JSON bring their runs, alerts and log", "[stos]") {
  ClusterStatus cluster = three_nodes();
  cluster.alerts = {{AlertType::node_silent, "planets", "mars", "", 5, "is \"silent\""}};
  cluster.log = {{12.5, "mars", "x"}};
  const std::string json = nodes_as_json(cluster);
  CHECK(std::ranges::count(json, '\n') == 1);
  CHECK_THAT(json, Contains(R"("cluster":"solar","told_by":"earth","nodes_wanted":3)") &&
                       Contains(R"("node":"venus","address":"10.0.0.3:4242","lost":true)") &&
                       Contains(R"("types":{"Bob":3,"ns::Alice<int>":40})") &&
                       Contains(R"("type":"node_silent")") && Contains(R"("is \"silent\"")") &&
                       Contains(R"("log":[{"time_s":12.5,"node":"mars","text":"x"}])"));
}

TEST_CASE("a simulation is all of its nodes together", "[stos]") {
  ClusterStatus cluster = three_nodes();
  const auto lines = lines_of(simulations_as_text(cluster));
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[1], Contains("planets") && Contains(" 2 ") && Contains(" 53 ") &&
                           Contains("2000000") && Contains("60.2%") && Contains("2m 0s"));
  for (NodeStatus& status : cluster.statuses)
    status.lower_bound = status.end_time;
  CHECK_THAT(simulations_as_text(cluster), Contains("at the end"));
  CHECK_THAT(simulations_as_json(cluster),
             Contains(R"("simulation":"planets","nodes":2,"events":2000000)") &&
                 Contains(R"("finished":true)") && Contains(R"("agents":53)"));
  cluster.statuses.clear();
  CHECK(simulations_as_text(cluster) == "no simulation runs\n");
  CHECK(simulations_as_json(cluster) == "{\"simulations\":[]}\n");
}

TEST_CASE("agents are counted by node, and by class if that is wanted", "[stos]") {
  const ClusterStatus cluster = three_nodes();
  const auto by_node = lines_of(agents_as_text(cluster, false));
  REQUIRE(by_node.size() == 4);
  CHECK_THAT(by_node[1], Contains("earth") && Contains("43"));
  CHECK_THAT(by_node[2], Contains("mars") && Contains("10"));
  CHECK_THAT(by_node[3], Contains("(all)") && Contains("53"));

  const auto by_type = lines_of(agents_as_text(cluster, true));
  REQUIRE(by_type.size() == 6);
  CHECK_THAT(by_type[2], Contains("40") && Contains("ns::Alice<int>"));
  CHECK_THAT(by_type[4], Contains("(all)") && Contains("13") && Contains("Bob"));

  const std::string json = agents_as_json(cluster);
  CHECK_THAT(json, Contains(R"("types":{"Bob":13,"ns::Alice<int>":40},"nodes":[)") &&
                       Contains(R"("node":"mars","agents":10)"));
}

TEST_CASE("who asks a cluster has to say where it is in a way that can be read", "[stos]") {
  for (const char* name : {"top", "nodes", "simulations", "agents"}) {
    CHECK(dispatch({name, "earth"}) == 2);
    CHECK(dispatch({name, "earth:0"}) == 2);
    CHECK(dispatch({name, "127.0.0.1:1", "--no-such-option"}) == 2);
    CHECK(dispatch({name, "--help"}) == 0);
  }
}

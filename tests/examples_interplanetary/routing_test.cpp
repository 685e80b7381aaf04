#include "examples/interplanetary/routing.hpp"
#include "published_system.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace interplanetary;

namespace {

FlowId flow(const char* name) {
  const auto& flows = published().flows;
  const auto found =
      std::find_if(flows.begin(), flows.end(), [&](const Flow& f) { return f.name == name; });
  REQUIRE(found != flows.end());
  return static_cast<FlowId>(found - flows.begin());
}

std::vector<std::string> names(const std::vector<NextHop>& hops) {
  std::vector<std::string> all;
  for (const auto& hop : hops)
    all.push_back(published().system[published()[hop.link].to].name);
  return all;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("science goes by the orbiters, since a rover's own antenna is too slow for it") {
  const RouteTable routes(published());
  const auto science = flow("Curiosity science");
  const auto& first = routes.next_hops(science, mobile("Curiosity"));
  CHECK(names(first) == Names{"MRO", "TGO", "Odyssey"});
  CHECK(first[0].transmission_s == Approx(32e6 / 2048000));
  CHECK(first[0].rest_s == Approx(32e6 / 500000));
  CHECK(names(routes.next_hops(science, mobile("TGO"))) ==
        Names{"Goldstone", "Canberra", "Madrid"});
  CHECK(routes.next_hops(science, mobile("TGO"))[1].rest_s == 0.0);
}

TEST_CASE("small commands go straight to the rover") {
  const RouteTable routes(published());
  CHECK(names(routes.next_hops(flow("commands to Curiosity"), mobile("Goldstone"))) ==
        Names{"Curiosity"});
}

TEST_CASE("a bundle has nowhere to go at its destination and where it cannot come") {
  const RouteTable routes(published());
  CHECK(routes.next_hops(flow("Curiosity science"), mobile("Madrid")).empty());
  CHECK(routes.next_hops(flow("commands to Voyager 1"), mobile("MRO")).empty());
}

TEST_CASE("every step of every route leads nearer to a destination") {
  const auto& scenario = published();
  const RouteTable routes(scenario);
  for (std::size_t f = 0; f < scenario.flows.size(); ++f)
    for (std::size_t m = 0; m < scenario.system.mobiles.size(); ++m)
      for (const auto& hop : routes.next_hops(static_cast<FlowId>(f), static_cast<MobileId>(m))) {
        CHECK(scenario[hop.link].from == static_cast<MobileId>(m));
        const auto& then = routes.next_hops(static_cast<FlowId>(f), scenario[hop.link].to);
        for (const auto& next : then)
          CHECK(next.rest_s + next.transmission_s >= hop.rest_s);
        const auto& ends = scenario.flows[f].destinations;
        const bool arrived =
            std::find(ends.begin(), ends.end(), scenario[hop.link].to) != ends.end();
        CHECK(then.empty() == arrived);
      }
}

TEST_CASE("a flow that no link can carry is an error that names it") {
  auto scenario = published();
  scenario.flows[0].bundle_bytes = 1e12;
  CHECK_THROWS_WITH(RouteTable(scenario), Catch::Matchers::Contains("flow 'Curiosity science'"));
}

#include "routing.hpp"

#include "bundle.hpp"

#include <algorithm>
#include <string>

namespace interplanetary {

RouteTable::RouteTable(const Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.flows.size(); ++i)
    add_flow(scenario, static_cast<FlowId>(i));
}

const std::vector<NextHop>& RouteTable::next_hops(FlowId flow, MobileId at) const {
  static const std::vector<NextHop> none;
  const auto found = next_hops_.find({flow, at});
  return found == next_hops_.end() ? none : found->second;
}

// Breadth first from the destinations, against the direction of the links.
void RouteTable::add_flow(const Scenario& scenario, FlowId id) {
  const Flow& flow = scenario[id];
  std::map<MobileId, double> rest_s; // of all mobiles that are at most `hops` away
  for (const MobileId destination : flow.destinations)
    rest_s[destination] = 0.0;
  for (std::uint32_t hops = 1; !rest_s.contains(flow.source); ++hops) {
    if (hops > hops_max)
      throw ScenarioError("flow '" + flow.name + "': no way of at most " +
                          std::to_string(hops_max) + " hops whose transmissions take at most " +
                          std::to_string(scenario.longest_transmission_s) + " s");
    std::map<MobileId, double> further_s;
    for (std::size_t i = 0; i < scenario.links.size(); ++i) {
      const Link& link = scenario.links[i];
      const double transmission_s = 8.0 * flow.bundle_bytes / link.rate_bit_s;
      if (rest_s.contains(link.from) || !rest_s.contains(link.to) ||
          transmission_s > scenario.longest_transmission_s)
        continue;
      const double after_s = rest_s.at(link.to);
      next_hops_[{id, link.from}].push_back({static_cast<LinkId>(i), transmission_s, after_s});
      const auto [known, is_new] = further_s.emplace(link.from, transmission_s + after_s);
      if (!is_new)
        known->second = std::min(known->second, transmission_s + after_s);
    }
    rest_s.merge(further_s);
  }
}

} // namespace interplanetary

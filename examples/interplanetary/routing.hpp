#pragma once

#include "scenario.hpp"

#include <map>
#include <utility>
#include <vector>

namespace interplanetary {

/// A link that leads a flow nearer to its destinations.
struct NextHop {
  LinkId link{};
  double transmission_s{}; ///< of one bundle on this link
  double rest_s{};         ///< of one bundle on all the links after it, at best
};

/// Where the bundles of each flow may go next from each mobile: static, the same for all bundles.
///
/// A bundle takes as few hops as its size allows: a link carries it if the transmission is short
/// enough to fit a pass. Among the next hops that remain, the craft takes the one that promises the
/// earliest delivery: its own wait for a contact, plus the transmissions up to the destination. It
/// does not know the contacts of others, so later waits are left out.
///
/// Failures: ScenarioError when a flow has no way, or only one of more than hops_max hops.
class RouteTable {
public:
  explicit RouteTable(const Scenario& scenario);

  /// In the order of Scenario::links; empty at a destination, and at whatever is further away from
  /// one than the flow's source.
  const std::vector<NextHop>& next_hops(FlowId flow, MobileId at) const;

private:
  void add_flow(const Scenario& scenario, FlowId id);

  std::map<std::pair<FlowId, MobileId>, std::vector<NextHop>> next_hops_;
};

} // namespace interplanetary

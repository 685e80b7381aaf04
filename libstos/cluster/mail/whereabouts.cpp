#include "libstos/cluster/mail/whereabouts.hpp"

namespace stos::detail {

// An agent that came here, has not left and is not here has ended here. Its home must not be asked
// then, which would send the mail back.
Whereabouts::Route Whereabouts::find(AgentId agent) const {
  if (const auto domain = directory_.domain_of(agent))
    return {domain, std::nullopt};
  NodeIndex node = own_node_;
  if (const auto gone = gone_to_.find(agent.value); gone != gone_to_.end())
    node = gone->second;
  else if (const std::size_t place = placed_.find(agent);
           place < placed_.size() && !came_.contains(agent.value))
    node = node_of_[place];
  if (node == own_node_)
    return {};
  return {std::nullopt, node};
}

} // namespace stos::detail

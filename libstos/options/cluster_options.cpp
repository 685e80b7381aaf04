#include "libstos/options/cluster_options.hpp"

#include <algorithm>

namespace stos {

std::string to_string(const NodeAddress& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::uint32_t nodes_to_wait_for(const ClusterOptions& options) {
  if (options.nodes)
    return *options.nodes;
  const bool is_own_among_peers =
      std::find(options.peers.begin(), options.peers.end(), options.address) != options.peers.end();
  return static_cast<std::uint32_t>(options.peers.size()) + (is_own_among_peers ? 0 : 1);
}

std::string_view to_string(ElectionName election) {
  return election == ElectionName::bully ? "bully" : "raft";
}

std::string_view to_string(PlacementName placement) {
  switch (placement) {
    case PlacementName::round_robin: return "round_robin";
    case PlacementName::block: return "block";
    case PlacementName::hilbert: return "hilbert";
    case PlacementName::graph: return "graph";
  }
  return "unknown";
}

} // namespace stos
